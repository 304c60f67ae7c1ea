#include "util/strings.h"

#include <algorithm>
#include <array>

namespace colmeia::util {

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return ToLower(x) == ToLower(y); });
}

bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualsIgnoreCase(text.substr(0, prefix.size()), prefix);
}

std::string Lowercase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ToLower);
  return out;
}

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (std::size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator, start)) {
    parts.push_back(text.substr(start, at - start));
    start = at + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t\n", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

namespace {

constexpr std::size_t kLongestWord = 64;  // nobody meant a name by more than that

// Edit distance in which a swap of two neighbours counts as one step (Damerau, restricted form); `limit` + 1 when it is
// more than `limit`. Only cells that can lead to less are looked at: a configuration may have thousands of names that
// nobody knows. REQUIRES: neither is longer than kLongestWord, and they differ in length by no more than `limit`.
std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t limit) {
  // The row, and the two before it.
  std::array<std::array<std::size_t, kLongestWord + 1>, 3> rows;
  const std::size_t far = limit + 1;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = std::min(j, far);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& second = rows[(i + 1) % 3];
    const std::size_t first = i > limit ? i - limit : 1;
    const std::size_t last = std::min(b.size(), i + limit);
    row[first - 1] = first == 1 ? std::min(i, far) : far;
    std::size_t least = row[first - 1];
    for (std::size_t j = first; j <= last; ++j) {
      std::size_t cell = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      if (j < i + limit) cell = std::min(cell, above[j] + 1);  // else it is outside of what the row above has
      cell = std::min({cell, row[j - 1] + 1, far});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cell = std::min(cell, second[j - 2] + 1);
      row[j] = cell;
      least = std::min(least, cell);
    }
    if (least == far) return far;  // a swap that begins above costs no less
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string_view Closest(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  if (word.size() > kLongestWord) return best;
  std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  for (std::string_view candidate : known) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer > kLongestWord || longer - std::min(word.size(), candidate.size()) > limit) continue;
    const std::size_t distance = EditDistance(word, candidate, limit);
    if (distance > limit) continue;
    best = candidate;
    if (distance == 0) break;
    limit = distance - 1;
  }
  return best;
}

}  // namespace colmeia::util
