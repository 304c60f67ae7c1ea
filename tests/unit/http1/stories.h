// tests/golden/exchanges/*.md: pages of what a client says and what it hears.
//
// A page is a list of "## claim" headings, each followed by two fenced blocks: the client's bytes, and the server's. In
// the first one a line's end is CRLF, and <LF>, <CR>, <TAB> stand for bytes that are hard to see; a last line "<EOF>"
// ends the client's side. In the second one Date is left out, the built-in error pages are written as <page>, and
// "<EOF>" says that the server ended its side.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace colmeia::http1 {

struct Story {
  std::string claim;
  std::string says;
  std::string hears;

  // As a test's name.
  [[nodiscard]] std::string Name() const {
    std::string name;
    bool upper = true;
    for (const char c : claim) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
        upper = true;
        continue;
      }
      name += upper ? static_cast<char>(std::toupper(c)) : c;
      upper = false;
    }
    return name;
  }
};

inline void ReplaceAll(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

inline std::vector<Story> ReadStories(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Story> stories;
  std::string* block = nullptr;
  bool in_block = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      in_block = !in_block;
      if (!in_block && block != nullptr) block = block == &stories.back().says ? &stories.back().hears : nullptr;
    } else if (in_block && block != nullptr) {
      *block += line + "\n";
    } else if (line.starts_with("## ")) {
      stories.push_back({line.substr(3), "", ""});
      block = &stories.back().says;
    }
  }
  return stories;
}

// What the client sends; true when it then ends its side.
inline std::pair<std::string, bool> ToBytes(std::string says) {
  const bool ends = says.ends_with("<EOF>\n");
  if (ends) says.resize(says.size() - 6);
  ReplaceAll(says, "\n", "\r\n");
  ReplaceAll(says, "<LF>\r\n", "\n");
  ReplaceAll(says, "<NONE>\r\n", "");
  ReplaceAll(says, "<CR>", "\r");
  ReplaceAll(says, "<TAB>", "\t");
  return {says, ends};
}

inline std::string ToPage(std::string heard, bool ended) {
  for (std::size_t at; (at = heard.find("Date: ")) != std::string::npos;)
    heard.erase(at, heard.find('\n', at) + 1 - at);
  for (std::size_t at; (at = heard.find("<!DOCTYPE")) != std::string::npos;) {
    const std::size_t end = heard.find("</html>\r\n", at);
    heard.replace(at, end + 9 - at, "<page>\n");
  }
  for (std::size_t at = 0; (at = heard.find("Content-Length: ", at)) != std::string::npos; ++at) {
    // The length of built-in pages changes with the version's name.
    const std::size_t end = heard.find("\r\n", at);
    if (end - at == 19) heard.replace(at + 16, 3, "<page's>");
  }
  ReplaceAll(heard, "colmeia/" COLMEIA_VERSION, "colmeia");
  ReplaceAll(heard, "\r\n", "\n");
  if (!heard.empty() && !heard.ends_with('\n')) heard += "\n";
  if (ended) heard += "<EOF>\n";
  return heard;
}

inline std::vector<Story> AllStories() {
  std::vector<std::filesystem::path> pages;
  for (const auto& entry : std::filesystem::directory_iterator(COLMEIA_SOURCE_DIR "/tests/golden/exchanges")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  std::sort(pages.begin(), pages.end());
  std::vector<Story> all;
  for (const auto& page : pages) {
    for (Story& story : ReadStories(page)) all.push_back(std::move(story));
  }
  return all;
}

inline void PrintTo(const Story& story, std::ostream* out) { *out << story.claim; }

}  // namespace colmeia::http1
