// MimeTypes: from a file's extension to its media type, as nginx's `types` block and `default_type` say it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace colmeia::http {

class MimeTypes {
 public:
  // `type` for files that end in ".extension", in any case. A later entry replaces an earlier one; true when it did.
  bool Add(std::string_view extension, std::string_view type);

  // nginx's types when no `types` block is given: html, gif and jpg.
  static MimeTypes Defaults();

  // The type of a path or file name by what follows its last dot (after the last slash), or an empty view: then
  // default_type applies. Valid as long as this object and unchanged.
  [[nodiscard]] std::string_view ForPath(std::string_view path) const;
  [[nodiscard]] std::string_view ForExtension(std::string_view extension) const;

  [[nodiscard]] std::size_t size() const { return types_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> types_;  // by lower-case extension
};

}  // namespace colmeia::http
