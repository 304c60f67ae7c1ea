#include "supervisor/words.h"

#include <fmt/core.h>

namespace colmeia::supervisor {

std::string Words(util::Duration duration) {
  const auto tenths = std::chrono::ceil<std::chrono::duration<long long, std::deci>>(duration).count();
  return tenths % 10 == 0 ? fmt::format("{} s", tenths / 10) : fmt::format("{}.{} s", tenths / 10, tenths % 10);
}

std::string Count(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!line.empty()) lines.emplace_back(line);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

std::string OneLine(std::string_view text) {
  std::string joined;
  for (const std::string& line : Lines(text)) {
    if (!joined.empty()) joined += ' ';
    joined += line;
  }
  return joined;
}

std::string Place(const std::string& where) { return where.empty() ? std::string() : where + ": "; }

}  // namespace colmeia::supervisor
