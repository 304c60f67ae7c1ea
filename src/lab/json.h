// As much of reading JSON (RFC 8259) as the laboratory needs: one flat object, as a wire format beside others
// (codecs.cc). Writing is util/json_writer.h.
//
// It is no general parser: what colmeia itself reads as JSON goes through control/json.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "util/result.h"

namespace colmeia::lab {

using JsonScalar = std::variant<bool, double, std::string>;
using JsonMembers = std::vector<std::pair<std::string, JsonScalar>>;

// One object of strings, numbers and booleans, in their order. Fails with the offset of what is wrong, also for
// anything nested.
[[nodiscard]] Result<JsonMembers> ParseFlatObject(std::string_view text);

}  // namespace colmeia::lab
