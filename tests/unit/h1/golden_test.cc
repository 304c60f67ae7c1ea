// Feeds the pages of tests/golden/http1 to the parser, target parser and body decoder as a connection does: whole, in
// pieces of seven bytes, and byte by byte; the events must be the same. tests/golden/http1/README.md explains the
// pages. With COLMEIA_UPDATE_GOLDEN set in the environment the pages are rewritten with what happened: review the
// difference.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "h1/body_decoder.h"
#include "h1/parser.h"
#include "http/uri.h"
#include "support/golden_pages.h"

namespace colmeia::h1 {
namespace {

constexpr std::uint64_t kMaxBody = 1024 * 1024;  // as client_max_body_size 1m

// As the pages write bytes; long texts only begin.
std::string Escape(std::string_view text) {
  constexpr std::size_t kLong = 200;
  if (text.size() > kLong) return fmt::format("{}... ({} bytes)", Escape(text.substr(0, 16)), text.size());
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\\') {
      out += "\\\\";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

// A connection's reading half, reduced to a list of events. Bytes arrive in any pieces.
class Reader {
 public:
  void Feed(std::string_view bytes) {
    saved_.insert(saved_.end(), bytes.begin(), bytes.end());
    while (!stopped_ && Step()) {
    }
  }

  std::vector<std::string> Finish() {
    FlushBody();
    if (!stopped_ && reading_body_) events_.emplace_back("incomplete body");
    if (!stopped_ && !reading_body_ && parser_.started()) events_.emplace_back("incomplete head");
    if (events_.empty()) events_.emplace_back("nothing");
    return events_;
  }

 private:
  // False when nothing more can be done with the bytes at hand.
  bool Step() {
    if (saved_.empty()) return false;
    return reading_body_ ? StepBody() : StepHead();
  }

  bool StepHead() {
    // A block of exactly that size at a new place each time, so that a sanitizer sees every access beyond it.
    std::vector<char> block(saved_);
    const HeadResult result = parser_.ParseHead(block, head_);
    if (result.state == HeadState::kIncomplete) {
      std::copy(block.begin(), block.end(), saved_.begin());
      return false;
    }
    if (result.state == HeadState::kError) return Refuse(result.fault);
    ReportHead();
    saved_.erase(saved_.begin(), saved_.begin() + static_cast<std::ptrdiff_t>(result.consumed));
    if (stopped_) return false;
    if (head_.content_length.value_or(0) > kMaxBody) {
      return Refuse({http::Status::kContentTooLarge, "client intended to send too large body"});
    }
    if (head_.chunked || head_.content_length.value_or(0) > 0) {
      reading_body_ = true;
      if (head_.chunked) {
        body_.StartChunked();
      } else {
        body_.StartFixed(*head_.content_length);
      }
      return true;
    }
    return EndRequest();
  }

  void ReportHead() {
    http::Target target;
    util::Arena arena;
    const http::Fault fault = http::ParseTarget(head_.method, head_.target, arena, target);
    const std::string body = head_.chunked          ? "chunked"
                             : head_.content_length ? fmt::format("{} bytes", *head_.content_length)
                                                    : "none";
    events_.push_back(fmt::format(
        "request {} {} 1.{} | host {} | body {} | {}{}{}", head_.method_text, Escape(head_.target), head_.version_minor,
        head_.host_port.host.empty() ? "none" : head_.host_port.host, body, head_.keep_alive ? "keep-alive" : "close",
        head_.method == http::Method::kUnknown ? " | unknown method" : "",
        head_.expect_continue ? " | expects 100" : ""));
    for (const http::Field& field : head_.fields) {
      if (field.id != http::HeaderId::kHost) {
        events_.push_back(
            fmt::format("field {}:{}{}", field.name, field.value.empty() ? "" : " ", Escape(field.value)));
      }
    }
    if (head_.ignored_fields > 0) events_.push_back(fmt::format("ignored {}", head_.ignored_fields));
    if (fault) {
      Refuse(fault);
      return;
    }
    if (target.form != http::TargetForm::kOrigin || target.path != head_.target || target.has_args) {
      std::string event = "path " + Escape(target.path);
      if (target.has_args) event += " | args \"" + Escape(target.args) + "\"";
      if (!target.authority.empty()) event += fmt::format(" | authority {}", target.authority);
      events_.push_back(event);
    }
  }

  bool StepBody() {
    const BodyDecoder::Step step = body_.Next({saved_.data(), saved_.size()});
    body_text_ += step.data;
    saved_.erase(saved_.begin(), saved_.begin() + static_cast<std::ptrdiff_t>(step.consumed));
    if (step.state == BodyState::kError) return Refuse(step.fault);
    if (step.state == BodyState::kMore) return true;
    FlushBody();
    events_.emplace_back("end of body");
    reading_body_ = false;
    return EndRequest();
  }

  bool EndRequest() {
    if (head_.keep_alive) return true;
    events_.emplace_back("close");
    stopped_ = true;
    return false;
  }

  bool Refuse(http::Fault fault) {
    FlushBody();
    events_.push_back(fmt::format("error {} {}", http::Code(fault.status), fault.reason));
    stopped_ = true;
    return false;
  }

  void FlushBody() {
    if (!body_text_.empty()) events_.push_back("body " + Escape(body_text_));
    body_text_.clear();
  }

  const HeadLimits limits_{};
  Parser parser_{limits_};
  RequestHead head_;
  BodyDecoder body_;
  std::vector<char> saved_;
  std::string body_text_;
  std::vector<std::string> events_;
  bool reading_body_ = false;
  bool stopped_ = false;
};

std::vector<std::string> Play(std::string_view input, std::size_t piece) {
  Reader reader;
  while (!input.empty()) {
    reader.Feed(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
  }
  return reader.Finish();
}

void Rewrite(const std::filesystem::path& path) {
  const std::vector<std::string> lines = golden::ReadLines(path);
  std::vector<golden::Case> cases = golden::ReadCases(lines);
  std::ofstream file(path);
  std::size_t next = 0;
  bool open = false;  // a case whose block has not yet ended
  for (const std::string& line : lines) {
    if (line.starts_with("< ")) continue;
    if (line == "```" && open) {
      for (const std::string& event : Play(cases[next].input, std::string::npos)) file << "< " << event << "\n";
      ++next;
      open = false;
    } else if (line == "```") {
      open = true;
    }
    file << line << "\n";
  }
}

class Http1GoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(Http1GoldenTest, GivesTheSameEventsInAnyPieces) {
  const std::filesystem::path path = golden::PathOf(GetParam());
  if (std::getenv("COLMEIA_UPDATE_GOLDEN") != nullptr) Rewrite(path);

  const std::vector<golden::Case> cases = golden::ReadCases(golden::ReadLines(path));

  ASSERT_FALSE(cases.empty());
  for (const golden::Case& one : cases) {
    SCOPED_TRACE(GetParam() + ".md: " + one.title);
    ASSERT_FALSE(one.input.empty() || one.expected.empty()) << "a case needs bytes and events";
    EXPECT_THAT(Play(one.input, std::string::npos), ::testing::ElementsAreArray(one.expected)) << "fed whole";
    EXPECT_THAT(Play(one.input, 7), ::testing::ElementsAreArray(one.expected)) << "fed in pieces of 7 bytes";
    EXPECT_THAT(Play(one.input, 1), ::testing::ElementsAreArray(one.expected)) << "fed byte by byte";
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, Http1GoldenTest, ::testing::ValuesIn(golden::Pages()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace colmeia::h1
