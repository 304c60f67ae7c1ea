// The directives of nginx that colmeia knows of and does not have, so that the error can say what they are.
#pragma once

#include <string>
#include <string_view>

namespace colmeia::config {

struct Unsupported {
  std::string_view name;    // a name, or with a `*` at its end all names that start so
  std::string_view module;  // nginx's module; empty = its core
  std::string_view advice;  // what does the job here; may be empty
};

// The row whose name is exactly `name`, or null.
[[nodiscard]] const Unsupported* FindUnsupported(std::string_view name);

// The row of the family with the longest common beginning, or null.
[[nodiscard]] const Unsupported* FindUnsupportedFamily(std::string_view name);

// What goes on behind the quoted name: `belongs to nginx's ssl module, which colmeia does not have`.
[[nodiscard]] std::string FactOf(const Unsupported& unsupported);

}  // namespace colmeia::config
