// The protocol's page says what the declarations say.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ipc/frame.h"
#include "util/strings.h"

namespace colmeia::ipc {
namespace {

std::vector<std::string> Lines() {
  std::ifstream file(COLMEIA_SOURCE_DIR "/src/ipc/README.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST(ReadmeTest, TheTableOfMessagesIsTheDeclarations) {
  std::vector<std::string> expected;
  for (const MessageInfo& info : Messages()) {
    const std::string fds = fmt::format("{}{}{}", info.fds, info.fds == 0 ? "" : ": ", info.fd_names);
    expected.push_back(fmt::format("{}|{}|{}|{}|{}", static_cast<unsigned>(info.type), info.name,
                                   info.way == Way::kUp ? "up" : "down", fds, info.fields));
  }

  std::vector<std::string> rows;
  for (const std::string& line : Lines()) {
    const std::vector<std::string_view> cells = util::Split(line, '|');  // the first is empty: a row begins with |
    if (cells.size() < 7 || !util::ParseNumber<unsigned>(util::Trim(cells[1]))) continue;
    rows.push_back(fmt::format("{}|{}|{}|{}|{}", util::Trim(cells[1]), util::Trim(cells[2]), util::Trim(cells[3]),
                               util::Trim(cells[4]), util::Trim(cells[5])));
  }

  EXPECT_THAT(rows, testing::ElementsAreArray(expected));
}

TEST(ReadmeTest, TheExampleIsWhatTheEncoderWrites) {
  std::string expected;
  for (const char c : EncodeFrame(Drain{.deadline = util::Milliseconds(5000)}, 7)) {
    expected += fmt::format("{:02x} ", static_cast<unsigned char>(c));
  }

  std::string example;
  bool inside = false;
  for (const std::string& line : Lines()) {
    if (line.starts_with("63 6f 6c 6d ")) inside = true;
    if (line == "```") inside = false;
    if (!inside) continue;
    std::istringstream words(line.substr(0, 25));  // the bytes' column
    for (std::string word; words >> word;) example += word + " ";
  }

  EXPECT_EQ(example, expected);
}

TEST(ReadmeTest, LimitsAndVersionAreThoseOfTheCode) {
  std::string text;
  for (const std::string& line : Lines()) text += line + "\n";

  EXPECT_THAT(text, testing::HasSubstr(fmt::format("{} to {} bytes", kFrameHeaderSize, kMaxFrameSize)));
  EXPECT_THAT(text, testing::HasSubstr(fmt::format("of this protocol: {}\n", kProtocolVersion)));
}

}  // namespace
}  // namespace colmeia::ipc
