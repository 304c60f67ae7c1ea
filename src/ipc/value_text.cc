#include "ipc/value_text.h"

#include <algorithm>

namespace colmeia::ipc {
namespace {

constexpr std::size_t kMostText = 200;

}  // namespace

std::string QuotedText(std::string_view text) {
  const bool readable = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
  if (!readable) return fmt::format("<{} bytes>", text.size());
  std::string out = "\"";
  for (const char c : text.substr(0, kMostText)) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '"':
      case '\\':
        out += '\\';
        [[fallthrough]];
      default:
        out += c;
    }
  }
  return out + (text.size() > kMostText ? "...\"" : "\"");
}

}  // namespace colmeia::ipc
