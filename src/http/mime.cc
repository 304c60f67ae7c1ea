#include "http/mime.h"

#include "util/strings.h"

namespace colmeia::http {
namespace {

constexpr std::size_t kShort = 7;

// Different for any two short extensions, but not for upper and lower case. REQUIRES: extension.size() <= kShort.
std::uint64_t WordOf(std::string_view extension) {
  std::uint64_t word = extension.size();
  for (const char c : extension) word = word << 8 | static_cast<unsigned char>(util::ToLower(c));
  return word;
}

}  // namespace

bool MimeTypes::Add(std::string_view extension, std::string_view type) {
  if (extension.size() <= kShort) return !short_.insert_or_assign(WordOf(extension), std::string(type)).second;
  return !long_.insert_or_assign(util::Lowercase(extension), std::string(type)).second;
}

MimeTypes MimeTypes::Defaults() {
  MimeTypes types;
  types.Add("html", "text/html");
  types.Add("gif", "image/gif");
  types.Add("jpg", "image/jpeg");
  return types;
}

std::string_view MimeTypes::ForPath(std::string_view path) const {
  const char* const begin = path.data();
  const char* const end = begin + path.size();
  for (const char* at = end; at > begin; --at) {
    if (at[-1] == '.') return ForExtension({at, static_cast<std::size_t>(end - at)});
    if (at[-1] == '/') break;
  }
  return {};
}

std::string_view MimeTypes::ForExtension(std::string_view extension) const {
  if (extension.size() > kShort) return ForLong(extension);
  const auto found = short_.find(WordOf(extension));
  return found == short_.end() ? std::string_view{} : std::string_view(found->second);
}

std::string_view MimeTypes::ForLong(std::string_view extension) const {
  const auto found = long_.find(util::Lowercase(extension));
  return found == long_.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace colmeia::http
