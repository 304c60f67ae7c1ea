// MimeTypes: from a file's extension to its media type, as nginx's `types` block and `default_type` say it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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

  [[nodiscard]] std::size_t size() const { return short_.size() + long_.size(); }

 private:
  [[nodiscard]] std::string_view ForLong(std::string_view extension) const;

  // Extensions of at most seven bytes, which is nearly all of them, by those bytes and their number in one word.
  std::unordered_map<std::uint64_t, std::string> short_;
  std::map<std::string, std::string, std::less<>> long_;  // in lower case
};

}  // namespace colmeia::http
