#include "http/mime.h"

#include <array>

#include "util/strings.h"

namespace colmeia::http {

bool MimeTypes::Add(std::string_view extension, std::string_view type) {
  return !types_.insert_or_assign(util::Lowercase(extension), std::string(type)).second;
}

MimeTypes MimeTypes::Defaults() {
  MimeTypes types;
  types.Add("html", "text/html");
  types.Add("gif", "image/gif");
  types.Add("jpg", "image/jpeg");
  return types;
}

std::string_view MimeTypes::ForPath(std::string_view path) const {
  for (std::size_t at = path.size(); at > 0 && path[at - 1] != '/'; --at) {
    if (path[at - 1] == '.') return ForExtension(path.substr(at));
  }
  return {};
}

std::string_view MimeTypes::ForExtension(std::string_view extension) const {
  std::array<char, 32> lower;  // longer than any extension that one would list; others take the slow way
  decltype(types_)::const_iterator found;
  if (extension.size() <= lower.size()) {
    for (std::size_t i = 0; i < extension.size(); ++i) lower[i] = util::ToLower(extension[i]);
    found = types_.find(std::string_view(lower.data(), extension.size()));
  } else {
    found = types_.find(util::Lowercase(extension));
  }
  return found == types_.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace colmeia::http
