#include "http/escape.h"

#include <array>

#include "util/strings.h"

namespace colmeia::http {
namespace {

using Set = std::array<bool, 256>;

constexpr Set MakeUriSet() {
  Set set{};
  for (std::size_t c = 0; c < set.size(); ++c) set[c] = c <= ' ' || c >= 0x7f;
  for (const char c : std::string_view("\"#%<>?\\^`{|}")) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr Set MakeComponentSet() {
  Set set{};
  for (std::size_t c = 0; c < set.size(); ++c) {
    const char letter = static_cast<char>(c);
    set[c] = !(util::IsAlpha(letter) || util::IsDigit(letter) || letter == '-' || letter == '.' || letter == '_' ||
               letter == '~' || letter == '/');
  }
  return set;
}

constexpr Set MakeArgumentSet() {
  Set set = MakeUriSet();
  for (const char c : std::string_view("&+;")) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr Set kUriSet = MakeUriSet();
constexpr Set kArgumentSet = MakeArgumentSet();
constexpr Set kComponentSet = MakeComponentSet();

bool Contains(const Set& set, char c) { return set[static_cast<unsigned char>(c)]; }

void AppendEscaped(const Set& set, std::string_view text, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (!Contains(set, c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
}

}  // namespace

void AppendEscapedUri(std::string_view path, std::string& out) { AppendEscaped(kUriSet, path, out); }

void AppendEscapedComponent(std::string_view name, std::string& out) { AppendEscaped(kComponentSet, name, out); }

void AppendEscapedArgument(std::string_view value, std::string& out) { AppendEscaped(kArgumentSet, value, out); }

std::string UnescapeRedirect(std::string_view url) {
  std::string out;
  std::size_t at = 0;
  while (at < url.size() && url[at] != '?') {
    if (url[at] != '%') {
      out += url[at++];
      continue;
    }
    if (++at == url.size()) break;
    const int high = util::HexValue(url[at]);
    if (high < 0) {
      out += url[at++];
      continue;
    }
    if (++at == url.size()) break;
    const int low = util::HexValue(url[at++]);
    if (low < 0) continue;
    const char byte = static_cast<char>(high << 4 | low);
    if (byte > '%' && byte < 0x7f) {
      out += byte;
      if (byte == '?') break;
    } else {
      out.append(url.substr(at - 3, 3));
    }
  }
  return out.append(url.substr(at));
}

void AppendEscapedHtml(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '"':
        out.append("&quot;");
        break;
      default:
        out.push_back(c);
    }
  }
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  AppendEscapedHtml(text, out);
  return out;
}

}  // namespace colmeia::http
