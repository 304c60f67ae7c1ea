#include "session/listener.h"

#include <algorithm>
#include <limits>

namespace colmeia::session {
namespace {

h1::HeadLimits LimitsOf(const site::CoreSettings& core) {
  h1::HeadLimits limits = h1::HeadLimits::FromBuffers(
      core.client_header_buffer_size, core.large_client_header_buffers.count, core.large_client_header_buffers.size);
  limits.fields = core.max_headers;
  limits.ignore_invalid_headers = core.ignore_invalid_headers;
  limits.underscores_in_headers = core.underscores_in_headers;
  return limits;
}

}  // namespace

Listener::Listener(const site::ListenSocket& listen_socket)
    : socket(listen_socket),
      core(listen_socket.hosts.default_server()->self->settings.Get<site::CoreSettings>()),
      limits(LimitsOf(core)),
      wildcard(listen_socket.address.IsWildcard()) {}

}  // namespace colmeia::session
