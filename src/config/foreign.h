// The directives of nginx that colmeia knows of and does not have, so that the error can say what they are.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace colmeia::config {

struct Foreign {
  std::string_view name;  // a name, or with a `*` at its end all names that start so
  std::string_view
      fact;  // goes on behind the quoted name: "belongs to nginx's ssl module, which colmeia does not have"
};

// The row whose name is exactly `name`, or null.
[[nodiscard]] const Foreign* FindForeignName(std::string_view name);

// The row of the family that `name` belongs to by its first letters, or null.
[[nodiscard]] const Foreign* FindForeignFamily(std::string_view name);

}  // namespace colmeia::config
