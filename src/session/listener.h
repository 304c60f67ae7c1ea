// Listener: what the connections of one listening socket have in common.
//
// It owns nothing and opens nothing: worker/acceptor.h accepts.
#pragma once

#include "h1/parser.h"
#include "site/core_settings.h"
#include "site/site.h"

namespace colmeia::session {

struct Listener {
  // `listen_socket` has a default server, and outlives this.
  explicit Listener(const site::ListenSocket& listen_socket);

  const site::ListenSocket& socket;
  const site::CoreSettings& core;  // of the default server: what counts until a request names another one
  h1::HeadLimits limits;
  bool wildcard;  // the address that a client connected to must be asked from the kernel
};

}  // namespace colmeia::session
