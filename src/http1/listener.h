// Listener: what the connections of one listening socket have in common.
//
// It owns nothing and opens nothing: worker/acceptor.h accepts.
#pragma once

#include "h1/parser.h"
#include "pipeline/core_settings.h"
#include "pipeline/site.h"

namespace colmeia::http1 {

struct Listener {
  // `listen_socket` has a default server, and outlives this.
  explicit Listener(const pipeline::ListenSocket& listen_socket);

  const pipeline::ListenSocket& socket;
  const pipeline::CoreSettings& core;  // of the default server: what counts until a request names another one
  h1::HeadLimits limits;
  bool wildcard;  // the address that a client connected to must be asked from the kernel
};

}  // namespace colmeia::http1
