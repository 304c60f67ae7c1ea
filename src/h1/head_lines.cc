#include "h1/head_lines.h"

#include <algorithm>

#include "h1/bytes.h"
#include "util/control.h"
#include "util/strings.h"

namespace colmeia::h1 {
namespace {

using http::Fault;
using http::Status;

constexpr Fault kInvalidMethod{Status::kBadRequest, "client sent invalid method"};
constexpr Fault kInvalidTarget{Status::kBadRequest, "client sent invalid request target"};
constexpr Fault kNoProtocol{Status::kBadRequest, "client sent request line without protocol"};
constexpr Fault kInvalidProtocol{Status::kBadRequest, "client sent invalid protocol in request line"};
constexpr Fault kInvalidVersion{Status::kBadRequest, "client sent invalid HTTP version"};
constexpr Fault kOtherVersion{Status::kHttpVersionNotSupported, "client sent unsupported HTTP version"};
constexpr Fault kFolded{Status::kBadRequest, "client sent folded header line"};
constexpr Fault kNoName{Status::kBadRequest, "client sent header line without a name"};
constexpr Fault kNoColon{Status::kBadRequest, "client sent header line without a colon"};
constexpr Fault kSpaceBeforeColon{Status::kBadRequest, "client sent white space before a header's colon"};
constexpr Fault kInvalidName{Status::kBadRequest, "client sent invalid header name"};
constexpr Fault kBareCr{Status::kBadRequest, "client sent CR without LF in header line"};
constexpr Fault kControl{Status::kBadRequest, "client sent control character in header line"};

// Only the number is wrong: "HTTP/" digits "." digits.
bool IsAnyVersion(std::string_view number) {
  const std::size_t dot = number.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == number.size()) return false;
  const auto digits = [](std::string_view text) { return std::all_of(text.begin(), text.end(), util::IsDigit); };
  return digits(number.substr(0, dot)) && digits(number.substr(dot + 1));
}

Fault ParseProtocol(std::string_view protocol, RequestLine& out) {
  constexpr std::string_view kName = "HTTP/";
  if (!protocol.starts_with(kName)) return kInvalidProtocol;
  const std::string_view number = protocol.substr(kName.size());
  if (!IsAnyVersion(number)) return kInvalidVersion;
  if (number.size() != 3) return kOtherVersion;
  if (number[0] == '0') return kInvalidVersion;  // HTTP/0.9 had no versions
  if (number[0] != '1') return kOtherVersion;
  out.version_minor = number[2] == '0' ? 0 : 1;
  return {};
}

std::size_t TokenSize(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && IsTokenChar(text[size])) ++size;
  return size;
}

// Bytes above 0x7f are not of RFC 3986, but browsers and curl send them.
constexpr bool IsTargetChar(char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; }

}  // namespace

Fault ParseRequestLine(std::string_view line, RequestLine& out) {
  const std::size_t method_size = TokenSize(line);
  if (method_size == 0) return kInvalidMethod;
  if (method_size == line.size()) return kNoProtocol;
  if (line[method_size] != ' ') return kInvalidMethod;

  const std::size_t target_start = method_size + 1;
  std::size_t target_end = target_start;
  while (target_end < line.size() && IsTargetChar(line[target_end])) ++target_end;
  if (target_end == target_start) return kInvalidTarget;
  if (target_end == line.size()) return kNoProtocol;
  if (line[target_end] != ' ') return kInvalidTarget;

  out.size = static_cast<std::uint32_t>(line.size());
  out.method_size = static_cast<std::uint32_t>(method_size);
  out.target_size = static_cast<std::uint32_t>(target_end - target_start);
  out.method = http::FindMethod(line.substr(0, method_size));
  return ParseProtocol(line.substr(target_end + 1), out);
}

Fault CheckPartialRequestLine(std::string_view partial) {
  const std::size_t method_size = TokenSize(partial);
  if (method_size == partial.size()) return {};
  if (partial[method_size] == '\r' && method_size + 1 == partial.size()) return {};  // an LF may follow
  if (method_size == 0 || partial[method_size] != ' ') return kInvalidMethod;
  return {};
}

FieldLine CheckFieldLine(char* line, std::size_t size) {
  FieldLine result;
  char* const end = line + size;
  char* at = line;
  for (; at < end; ++at) {
    const std::uint8_t byte_class = ClassOf(*at);
    if (byte_class == kNotToken) break;
    result.name_classes |= byte_class;
  }
  if (at == end) {
    result.fault = kNoColon;
  } else if (*at == ' ' || *at == '\t') {
    result.fault = at == line ? kFolded : kSpaceBeforeColon;
  } else if (*at != ':') {
    result.fault = *at == '\r' ? kBareCr : kInvalidName;
  } else if (at == line) {
    result.fault = kNoName;
  }
  if (result.fault) return result;
  for (at = util::FindControl(at + 1, end); at < end; at = util::FindControl(at + 1, end)) {
    if (*at != '\t') {
      result.fault = *at == '\r' ? kBareCr : kControl;
      return result;
    }
    *at = ' ';
  }
  return result;
}

}  // namespace colmeia::h1
