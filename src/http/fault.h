// Fault: why a request cannot be served as it was sent: the status to answer and a short sentence for the error log.
//
// It is a value for what clients send; failures of the system are util::Result's business.
#pragma once

#include <string_view>

#include "http/status.h"

namespace colmeia::http {

struct [[nodiscard]] Fault {
  Status status = Status::kNone;  // kNone: no fault
  std::string_view reason{};      // static text such as "client sent invalid method"

  // True when something is wrong.
  explicit operator bool() const { return status != Status::kNone; }
};

}  // namespace colmeia::http
