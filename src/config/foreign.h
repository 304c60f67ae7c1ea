// The directives of nginx that colmeia knows of and does not have, so that the error can say what they are.
#pragma once

#include <string>
#include <string_view>

namespace colmeia::config {

struct Foreign {
  std::string_view name;    // a name, or with a `*` at its end all names that start so
  std::string_view module;  // nginx's module; empty = its core
  std::string_view advice;  // what does the job here; may be empty
};

// The row whose name is exactly `name`, or null.
[[nodiscard]] const Foreign* FindForeignName(std::string_view name);

// The row of the family with the longest common beginning, or null.
[[nodiscard]] const Foreign* FindForeignFamily(std::string_view name);

// What goes on behind the quoted name: `belongs to nginx's ssl module, which colmeia does not have`.
[[nodiscard]] std::string FactOf(const Foreign& foreign);

}  // namespace colmeia::config
