#include "h1/plain_head.h"

#include <array>
#include <cstring>

#include "h1/bytes.h"
#include "util/control.h"
#include "util/strings.h"

namespace colmeia::h1 {
namespace {

using http::HeaderId;

constexpr std::array<bool, 256> MakeTargetBytes() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    table[c] = util::IsAlpha(static_cast<char>(c)) || util::IsDigit(static_cast<char>(c));
  }
  // RFC 3986: unreserved, "%", sub-delims, and what else a path or a query may have.
  for (const char c : std::string_view("-._~%!$&'()*+,;=:@/?")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kTargetBytes = MakeTargetBytes();

// Whether [at, end) begins with a text whose length the compiler knows, which takes no call.
template <std::size_t N>
bool StartsWith(const char* at, const char* end, const char (&text)[N]) {
  return static_cast<std::size_t>(end - at) >= N - 1 && std::memcmp(at, text, N - 1) == 0;
}

// Whether the value needs no second opinion.
bool IsPlainField(HeaderId id, std::string_view value) {
  switch (id) {
    case HeaderId::kContentLength:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade:
    case HeaderId::kProxyConnection:
      return false;
    case HeaderId::kConnection:
      return value == "keep-alive" || value == "close";
    default:
      return true;
  }
}

}  // namespace

std::size_t ReadPlainHead(std::string_view bytes, std::uint32_t most_fields, RequestHead& out) {
  constexpr char kProtocol[] = " HTTP/1.1\r\n";
  constexpr std::size_t kProtocolSize = sizeof(kProtocol) - 1;
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  if (StartsWith(begin, end, "GET /")) {
    out.method = http::Method::kGet;
    out.method_text = bytes.substr(0, 3);
  } else if (StartsWith(begin, end, "HEAD /")) {
    out.method = http::Method::kHead;
    out.method_text = bytes.substr(0, 4);
  } else {
    return 0;
  }

  const char* const target = begin + out.method_text.size() + 1;
  const char* at = target;
  while (at < end && kTargetBytes[static_cast<unsigned char>(*at)]) ++at;
  if (!StartsWith(at, end, kProtocol)) return 0;
  out.target = {target, static_cast<std::size_t>(at - target)};
  out.protocol = {at + 1, kProtocolSize - 3};
  at += kProtocolSize;
  out.line = {begin, static_cast<std::size_t>(at - begin) - 2};
  out.version_minor = 1;

  while (end - at >= 2 && *at != '\r') {
    const char* const name = at;
    while (at < end && ClassOf(*at) == kPlainToken) ++at;
    if (at == name || at == end || *at != ':') return 0;
    const std::string_view name_text(name, static_cast<std::size_t>(at - name));
    do ++at;
    while (at < end && *at == ' ');
    const char* const value = at;
    at = util::FindControl(at, end);
    if (at == value || end - at < 2 || at[0] != '\r' || at[1] != '\n') return 0;
    std::size_t value_size = static_cast<std::size_t>(at - value);
    while (value[value_size - 1] == ' ') --value_size;
    at += 2;
    const std::string_view value_text(value, value_size);
    const HeaderId id = http::FindHeaderId(name_text);
    if (out.fields.size() == most_fields || !IsPlainField(id, value_text)) return 0;
    out.fields.Add(id, name_text, value_text);
  }
  if (end - at < 2 || at[1] != '\n') return 0;
  const auto size = static_cast<std::size_t>(at + 2 - begin);
  out.text = bytes.substr(0, size);
  return size;
}

}  // namespace colmeia::h1
