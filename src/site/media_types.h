// MediaTypes: the set of media types that a directive lists, as charset_types and gzip_types do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/directive.h"

namespace colmeia::site {

class MediaTypes {
 public:
  MediaTypes() : MediaTypes({"text/html"}) {}
  explicit MediaTypes(std::vector<std::string> types) : types_(std::move(types)) {}

  // `type` in any case, without its parameters; "*" among the types stands for all.
  [[nodiscard]] bool Has(std::string_view type) const;
  // The same of a Content-Type field's value.
  [[nodiscard]] bool HasTypeOf(std::string_view content_type) const;

  // For setters: takes a directive's arguments. As in nginx "text/html" is always one of them, and several directives
  // of a block add up.
  static void Add(std::optional<MediaTypes>& draft, const config::Call& call);

 private:
  std::vector<std::string> types_;
};

}  // namespace colmeia::site
