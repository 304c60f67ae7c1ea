#include "http/accept_encoding.h"

#include <optional>

#include "http/list.h"
#include "util/strings.h"

namespace colmeia::http {
namespace {

constexpr std::string_view kCodingNames[] = {"gzip", "br", "zstd"};

// "1", "0.", "0.25": RFC 9110 section 12.4.2, in thousandths.
std::optional<int> ReadWeight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return std::nullopt;
  int unit = 100;
  for (const char digit : text.substr(2)) {
    if (!util::IsDigit(digit)) return std::nullopt;
    weight += (digit - '0') * unit;
    unit /= 10;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

// What stands behind a coding's name, without its first semicolon.
std::optional<int> ReadParameter(std::string_view text) {
  text = util::Trim(text);
  if (text.size() < 2 || util::ToLower(text[0]) != 'q' || text[1] != '=') return std::nullopt;
  return ReadWeight(text.substr(2));
}

}  // namespace

std::string_view CodingName(Coding coding) { return kCodingNames[static_cast<std::size_t>(coding)]; }

AcceptedCodings::AcceptedCodings(const Fields& request) {
  if (!request.Has(HeaderId::kAcceptEncoding)) return;
  std::array<std::optional<int>, kCodings> named;
  std::optional<int> identity;
  std::optional<int> others;
  const auto find = [&](std::string_view name) -> std::optional<int>* {
    for (std::size_t i = 0; i < kCodings; ++i) {
      if (util::EqualsIgnoreCase(name, kCodingNames[i])) return &named[i];
    }
    if (util::EqualsIgnoreCase(name, "x-gzip")) return &named[static_cast<std::size_t>(Coding::kGzip)];
    if (util::EqualsIgnoreCase(name, "identity")) return &identity;
    return name == "*" ? &others : nullptr;
  };
  for (const Field& field : request) {
    if (field.id != HeaderId::kAcceptEncoding) continue;
    ForEachElement(field.value, [&](std::string_view element) {
      const std::size_t semicolon = element.find(';');
      std::optional<int>* const place = find(util::Trim(element.substr(0, semicolon)));
      if (place == nullptr || *place) return;
      *place = semicolon == std::string_view::npos ? 1000 : ReadParameter(element.substr(semicolon + 1)).value_or(0);
    });
  }
  for (std::size_t i = 0; i < kCodings; ++i) weights_[i] = named[i].value_or(others.value_or(0));
  identity_ = identity.value_or(others.value_or(0));
}

}  // namespace colmeia::http
