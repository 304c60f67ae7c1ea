// Whom a request comes from, by the proxies' X-Forwarded-For.
#pragma once

#include <span>

#include "sys/address.h"
#include "sys/network.h"

namespace colmeia::pipeline {

class Exchange;

// Where `peer` is one of the `proxies`, the last address of the request's X-Forwarded-For; with `recursive` the last one
// that is no proxy itself. What is not an address ends the search. nginx's rule for geo and realip.
[[nodiscard]] sys::Address ForwardedAddress(const Exchange& exchange, const sys::Address& peer,
                                            std::span<const sys::Network> proxies, bool recursive);

}  // namespace colmeia::pipeline
