// The pages of tests/golden/http1, as lists of cases: tests/golden/http1/README.md explains them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "util/strings.h"

namespace colmeia::golden {

// One "## heading" with its bytes and the events that must follow.
struct Case {
  std::string title;
  std::string input;
  std::vector<std::string> expected;
};

inline std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'x':
        out += static_cast<char>(util::HexValue(text.at(i + 1)) * 16 + util::HexValue(text.at(i + 2)));
        i += 2;
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

inline std::vector<std::string> ReadLines(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// "> text" is a line with CRLF, ">> text" the same without it, ">*3 text" three of the latter; "< event" is an event.
inline std::vector<Case> ReadCases(const std::vector<std::string>& lines) {
  std::vector<Case> cases;
  for (const std::string& line : lines) {
    if (line.starts_with("## ")) {
      cases.push_back({line.substr(3), {}, {}});
    } else if (cases.empty()) {
      continue;
    } else if (line.starts_with(">> ")) {
      cases.back().input += Unescape(line.substr(3));
    } else if (line.starts_with(">*")) {
      std::istringstream words(line.substr(2));
      int count = 0;
      words >> count;
      words.get();
      std::string text;
      std::getline(words, text);
      for (int i = 0; i < count; ++i) cases.back().input += Unescape(text);
    } else if (line == ">" || line.starts_with("> ")) {
      cases.back().input += Unescape(line.substr(std::min<std::size_t>(2, line.size()))) + "\r\n";
    } else if (line.starts_with("< ")) {
      cases.back().expected.push_back(line.substr(2));
    }
  }
  return cases;
}

// Their names.
inline std::vector<std::string> Pages() {
  std::vector<std::string> pages;
  for (const auto& entry : std::filesystem::directory_iterator(COLMEIA_SOURCE_DIR "/tests/golden/http1")) {
    if (entry.path().extension() == ".md" && entry.path().stem() != "README") {
      pages.push_back(entry.path().stem().string());
    }
  }
  std::sort(pages.begin(), pages.end());
  return pages;
}

inline std::filesystem::path PathOf(const std::string& page) {
  return std::filesystem::path(COLMEIA_SOURCE_DIR "/tests/golden/http1") / (page + ".md");
}

}  // namespace colmeia::golden
