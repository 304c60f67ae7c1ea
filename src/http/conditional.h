// Conditional requests: RFC 9110 section 13, evaluated in the order of its section 13.2.2.
#pragma once

#include <ctime>
#include <optional>
#include <string_view>

#include "http/fields.h"
#include "http/method.h"

namespace colmeia::http {

// What a representation can be recognised by.
struct Validators {
  std::string_view etag{};  // with quotes; empty: it has none
  std::optional<std::time_t> last_modified{};
  // The second of last_modified is not over: the representation may change again and keep the date, so that the date
  // does not name this very one (RFC 9110 section 8.8.2.2).
  bool date_is_weak = false;
};

// nginx's directive if_modified_since.
enum class IfModifiedSince {
  kOff,     // the field is ignored
  kExact,   // not modified when the dates are equal
  kBefore,  // not modified when the representation is not newer than the field's date
};

enum class Precondition {
  kProceed,      // answer as if there were no conditions
  kNotModified,  // 304
  kFailed,       // 412
};

[[nodiscard]] Precondition EvaluatePreconditions(Method method, const Fields& request, const Validators& validators,
                                                 IfModifiedSince mode = IfModifiedSince::kExact);

// Whether a Range field may be obeyed: there is no If-Range, or it names this very representation (strong comparison of
// tags; equal dates, of which the second is over).
[[nodiscard]] bool IfRangeHolds(const Fields& request, const Validators& validators);

}  // namespace colmeia::http
