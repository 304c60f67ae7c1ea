// The values of this folder as JSON texts and back: the only place that knows how JSON is written.
//
// Reading is lenient as protocols between versions must be: members that are absent keep their value, members that are
// unknown are passed over. Text that is no JSON object, or a member of the wrong type, is an error.
#pragma once

#include <string>
#include <string_view>

#include "control/answer.h"
#include "control/configuration.h"
#include "control/routes.h"
#include "control/status.h"
#include "util/result.h"

namespace colmeia::control {

// The JSON of a view of this status; one line, without a newline at the end.
[[nodiscard]] std::string ViewJson(View view, const Status& status);
// Of the response to it: 200, but 503 for the health of a server that is not well.
[[nodiscard]] http::Status ViewStatus(View view, const Status& status);

[[nodiscard]] std::string AnswerJson(const Answer& answer);
[[nodiscard]] std::string ConfigurationJson(const Configuration& configuration);

// What a client reads back. A view of a part fills that part of the status.
[[nodiscard]] Result<Status> ReadStatus(std::string_view json);
[[nodiscard]] Result<Health> ReadHealth(std::string_view json);
[[nodiscard]] Result<Answer> ReadAnswer(std::string_view json);
[[nodiscard]] Result<Configuration> ReadConfiguration(std::string_view json);

// The argument in the body of an order: an object with exactly the route's member, a whole number that is no less than
// its least value; no body, or an empty object, for a route without one (then 0).
[[nodiscard]] Result<std::uint32_t> ReadArgument(const Route& route, std::string_view body);

// The same JSON with indentation, for eyes; a text that is no JSON as it is.
[[nodiscard]] std::string Pretty(std::string_view json);

}  // namespace colmeia::control
