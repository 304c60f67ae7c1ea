// The clients that may see the hive where no `allow` says so: those of this machine, and no web page of another site.
//
// A page from anywhere makes the browser on this machine ask whatever address its name leads to; when that turns into
// 127.0.0.1 meanwhile (DNS rebinding) the page reads the answer. Its requests come from a loopback address, but their
// Host is the page's name, which is what gives them away.
#pragma once

#include <string>

#include "pipeline/exchange.h"

namespace colmeia::modules {

// Why this exchange is not answered; empty when it is. Where an `allow` is in force each client that the rules let in
// is answered. Otherwise clients of Unix sockets are, and those of loopback addresses (127.0.0.0/8, ::1) whose Host is
// localhost or below it, a loopback address, a name that the server was given by `server_name` (a regular expression
// names nothing), or missing.
[[nodiscard]] std::string WhyHidden(const pipeline::Exchange& exchange);

}  // namespace colmeia::modules
