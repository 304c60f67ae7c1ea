#include "h1/parser.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <llhttp.h>

#include "h1/bytes.h"
#include "h1/head_meaning.h"
#include "h1/plain_head.h"
#include "util/strings.h"

namespace colmeia::h1 {
namespace {

using http::Fault;
using http::Status;

constexpr Fault kEmptyLine{Status::kBadRequest, "client sent LF instead of a request line"};
constexpr Fault kEmptyLines{Status::kBadRequest, "client sent too many empty lines before request"};
constexpr Fault kLongRequestLine{Status::kUriTooLong, "client sent too long URI"};
constexpr Fault kLongFieldLine{Status::kRequestHeaderTooLarge, "client sent too long header line"};
constexpr Fault kLargeHead{Status::kRequestHeaderTooLarge, "client sent too large request header"};
constexpr Fault kManyFields{Status::kRequestHeaderTooLarge, "client sent too many header lines"};
constexpr Fault kOddName{Status::kBadRequest, "client sent invalid header name"};
constexpr Fault kDisagreement{Status::kBadRequest, "client sent ambiguous request header"};

// What llhttp's callbacks fill in while it runs over one head.
struct Feed {
  RequestHead& head;
  std::uint8_t ignored_classes = 0;  // a name with one of these ByteClass bits is left out
  std::string_view target{};
  std::string_view name{};
  std::string_view value{};
  bool complete = false;
};

Feed& FeedOf(llhttp_t* parser) { return *static_cast<Feed*>(parser->data); }

// A span may arrive in pieces; all of them but empty ones stand side by side in the head.
void Extend(std::string_view& span, const char* at, std::size_t size) {
  if (size == 0) return;
  span = span.empty() ? std::string_view(at, size) : std::string_view(span.data(), span.size() + size);
}

int OnUrl(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  Extend(FeedOf(parser).target, at, size);
  return 0;
}

int OnHeaderField(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  Extend(FeedOf(parser).name, at, size);
  return 0;
}

int OnHeaderValue(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  Extend(FeedOf(parser).value, at, size);
  return 0;
}

std::uint8_t ClassesOf(std::string_view name) {
  std::uint8_t classes = 0;
  for (const char c : name) classes |= ClassOf(c);
  return classes;
}

int OnHeaderValueComplete(llhttp_t* parser) noexcept {
  Feed& feed = FeedOf(parser);
  while (feed.value.ends_with(' ')) feed.value.remove_suffix(1);
  if (feed.ignored_classes != 0 && (ClassesOf(feed.name) & feed.ignored_classes) != 0) {
    ++feed.head.ignored_fields;
  } else {
    feed.head.fields.Add(feed.name, feed.value);
  }
  feed.name = {};
  feed.value = {};
  return 0;
}

// Pausing keeps llhttp away from the body and from its own ideas of upgrades: BodyDecoder takes over here.
int OnHeadersComplete(llhttp_t* parser) noexcept {
  FeedOf(parser).complete = true;
  return HPE_PAUSED;
}

constexpr llhttp_settings_t MakeSettings() {
  llhttp_settings_t settings{};
  settings.on_url = OnUrl;
  settings.on_header_field = OnHeaderField;
  settings.on_header_value = OnHeaderValue;
  settings.on_header_value_complete = OnHeaderValueComplete;
  settings.on_headers_complete = OnHeadersComplete;
  return settings;
}

constexpr llhttp_settings_t kSettings = MakeSettings();

// llhttp's verdict in our words.
Fault FaultOf(const llhttp_t& parser, llhttp_errno_t error) {
  const char* const text = llhttp_get_error_reason(&parser);
  const std::string_view reason = text != nullptr ? text : "";
  if (reason.find("can't be present") != std::string_view::npos) {
    return {Status::kBadRequest, "client sent both Content-Length and Transfer-Encoding"};
  }
  switch (error) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_CONSTANT:
      return {Status::kBadRequest, "client sent invalid method"};
    case HPE_INVALID_URL:
      return {Status::kBadRequest, "client sent invalid request target"};
    case HPE_INVALID_VERSION:
      return {Status::kBadRequest, "client sent invalid HTTP version"};
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return {Status::kBadRequest, "client sent duplicate Content-Length"};
    case HPE_INVALID_CONTENT_LENGTH:
      return {Status::kBadRequest, "client sent invalid Content-Length"};
    case HPE_INVALID_TRANSFER_ENCODING:
      return {Status::kBadRequest, "client sent invalid Transfer-Encoding"};
    default:
      return {Status::kBadRequest, "client sent invalid header line"};
  }
}

// llhttp over one complete head that the fence has let through.
class Run {
 public:
  explicit Run(Feed& feed) {
    llhttp_init(&parser_, HTTP_REQUEST, &kSettings);
    parser_.data = &feed;
    parser_.lenient_flags |= LENIENT_VERSION;  // the fence has checked the version: any 1.x
  }

  // False when the head has ended or is broken: nothing more may be fed.
  bool Execute(std::string_view bytes) {
    if (bytes.empty()) return true;
    error_ = llhttp_execute(&parser_, bytes.data(), bytes.size());
    end_ = bytes.data() + bytes.size();
    return error_ == HPE_OK;
  }

  // Line by line, with CRLF in place of each line's end. `text` ends with a line end.
  void ExecuteLines(std::string_view text) {
    while (!text.empty()) {
      const std::size_t lf = text.find('\n');
      std::string_view line = text.substr(0, lf);
      text.remove_prefix(lf + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!Execute(line)) return;
      if (!Execute(kLineEnd)) {
        if (!text.empty()) end_ = nullptr;
        return;
      }
    }
  }

  // Whether the head ended exactly where the fence says.
  Fault Verdict(const Feed& feed) const {
    if (error_ != HPE_PAUSED) return error_ == HPE_OK ? kDisagreement : FaultOf(parser_, error_);
    return feed.complete && llhttp_get_error_pos(&parser_) == end_ ? Fault{} : kDisagreement;
  }

  [[nodiscard]] std::optional<std::uint64_t> content_length() const {
    if ((parser_.flags & F_CONTENT_LENGTH) == 0) return std::nullopt;
    return parser_.content_length;
  }
  [[nodiscard]] bool chunked() const { return (parser_.flags & F_CHUNKED) != 0; }

 private:
  llhttp_t parser_;
  llhttp_errno_t error_ = HPE_OK;
  const char* end_ = nullptr;  // of what was fed last
};

char* FindLf(char* at, std::size_t size) {
  return size == 0 ? nullptr : static_cast<char*>(std::memchr(at, '\n', size));
}

// Without the line end at its end, if there is one.
std::string_view FirstLine(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// What llhttp is to see of a target with bytes above 0x7f: each of them percent-encoded, which means the same. Empty
// for a target without them.
std::string EncodedTarget(std::string_view target) {
  std::string encoded;
  const auto is_high = [](char c) { return static_cast<unsigned char>(c) > 0x7f; };
  if (std::none_of(target.begin(), target.end(), is_high)) return encoded;
  for (const char c : target) {
    if (is_high(c)) {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    } else {
      encoded += c;
    }
  }
  return encoded;
}

}  // namespace

HeadLimits HeadLimits::FromBuffers(std::size_t header_buffer, std::size_t large_count, std::size_t large_size) {
  static constexpr std::size_t kMost = std::size_t{1} << 30;  // offsets are 32 bits wide
  const auto cap = [](std::size_t size) { return static_cast<std::uint32_t>(std::min(size, kMost)); };
  HeadLimits limits;
  limits.line_bytes = cap(std::max(header_buffer, large_size));
  limits.head_bytes = cap(header_buffer + std::min(large_count, kMost) * std::min(large_size, kMost));
  return limits;
}

void Parser::Reset() { *this = Parser(*limits_); }

// Where the line that is being collected must have ended.
std::size_t Parser::LimitOffset() const {
  return std::min(std::size_t{line_start_} + limits_->line_bytes, std::size_t{head_start_} + limits_->head_bytes);
}

Fault Parser::LimitFault() const {
  if (line_ == Line::kRequest) return kLongRequestLine;
  return LimitOffset() == std::size_t{line_start_} + limits_->line_bytes ? kLongFieldLine : kLargeHead;
}

Fault Parser::EarlyFault(std::string_view partial_line) const {
  return line_ == Line::kRequest ? CheckPartialRequestLine(partial_line) : Fault{};
}

// Judges one complete line. `size` does not count its line end.
Fault Parser::TakeLine(char* line, std::size_t size) {
  if (line_ == Line::kRequest) {
    const Fault fault = ParseRequestLine({line, size}, request_line_);
    if (!fault) line_ = Line::kField;
    return fault;
  }
  const FieldLine verdict = CheckFieldLine(line, size);
  if (verdict.fault) return verdict.fault;
  const std::uint8_t odd = limits_->underscores_in_headers ? kOddToken : kOddToken | kUnderscore;
  if ((verdict.name_classes & odd) != 0) {
    if (!limits_->ignore_invalid_headers) return kOddName;
    has_odd_name_ = true;
    return {};
  }
  return ++field_lines_ > limits_->fields ? kManyFields : Fault{};
}

// The size of a head that is plain and without fault, 0 for every other one. A head that is no longer than one line may
// be breaks no limit of size.
std::size_t Parser::TakePlainHead(std::span<const char> bytes, RequestHead& out) const {
  const std::size_t limit = std::min(limits_->line_bytes, limits_->head_bytes);
  const std::size_t size = ReadPlainHead({bytes.data(), std::min(bytes.size(), limit)}, limits_->fields, out);
  return size != 0 && !Interpret(out) ? size : 0;
}

HeadResult Parser::ParseHead(std::span<char> bytes, RequestHead& out) {
  out.Clear();
  const auto refuse = [&](Fault fault) {
    const std::string_view all(bytes.data(), bytes.size());
    out.line = FirstLine(all.substr(head_start_, limits_->line_bytes));
    return HeadResult{HeadState::kError, 0, fault};
  };
  if (scanned_ == 0) {
    if (const std::size_t size = TakePlainHead(bytes, out); size != 0) return {HeadState::kComplete, size, {}};
    out.Clear();
  }
  while (true) {
    const std::size_t limit = LimitOffset();
    const std::size_t end = std::min(bytes.size(), limit);
    char* const line = bytes.data() + line_start_;
    char* const lf = FindLf(bytes.data() + scanned_, end - scanned_);
    if (lf == nullptr) {
      const std::string_view partial(line, end - line_start_);
      if (!partial.empty() && partial != "\r") started_ = true;
      if (const Fault fault = EarlyFault(partial)) return refuse(fault);
      if (end == limit) return refuse(LimitFault());
      scanned_ = static_cast<std::uint32_t>(end);
      return {};
    }
    std::size_t size = static_cast<std::size_t>(lf - line);
    const bool has_cr = size > 0 && line[size - 1] == '\r';
    if (has_cr) --size;
    line_start_ = scanned_ = static_cast<std::uint32_t>(lf + 1 - bytes.data());

    if (size == 0 && line_ == Line::kRequest) {
      if (!has_cr) return refuse(kEmptyLine);
      if (++empty_lines_ > kMaxEmptyLines) return refuse(kEmptyLines);
      head_start_ = line_start_;
      continue;
    }
    has_bare_lf_ = has_bare_lf_ || !has_cr;
    if (size == 0) {
      const Fault fault = Finish(bytes.subspan(head_start_, line_start_ - head_start_), out);
      if (fault) return refuse(fault);
      const std::size_t consumed = line_start_;
      Reset();
      return {HeadState::kComplete, consumed, {}};
    }
    started_ = true;
    if (const Fault fault = TakeLine(line, size)) return refuse(fault);
  }
}

// llhttp and the second half of the fence over a head whose lines are all well formed.
Fault Parser::Finish(std::span<char> head, RequestHead& out) const {
  out.text = {head.data(), head.size()};
  out.line = out.text.substr(0, request_line_.size);
  out.method_text = out.text.substr(0, request_line_.method_size);
  out.target = out.text.substr(request_line_.method_size + 1, request_line_.target_size);
  out.protocol = out.line.substr(request_line_.method_size + request_line_.target_size + 2);
  out.method = request_line_.method;
  out.version_minor = request_line_.version_minor;

  Feed feed{out};
  if (has_odd_name_) {
    feed.ignored_classes = limits_->underscores_in_headers ? kOddToken : kOddToken | kUnderscore;
  }
  Run run(feed);
  std::string_view rest = out.text;
  // llhttp knows a fixed set of methods and wants another protocol's name behind some of them. A method that is none of
  // ours is a good token, so llhttp judges the rest with a method that it knows.
  if (out.method == http::Method::kUnknown) {
    run.Execute("GET");
    rest.remove_prefix(request_line_.method_size);
  }
  std::string_view target = out.target;
  const std::string encoded = EncodedTarget(target);
  if (!encoded.empty()) {
    const auto at = static_cast<std::size_t>(target.data() - rest.data());
    run.Execute(rest.substr(0, at));
    run.Execute(encoded);
    rest.remove_prefix(at + target.size());
    target = encoded;
  }
  if (has_bare_lf_) {
    run.ExecuteLines(rest);
  } else {
    run.Execute(rest);
  }
  if (const Fault fault = run.Verdict(feed)) return fault;
  if (feed.target != target) return kDisagreement;
  out.content_length = run.content_length();
  if (const Fault fault = Interpret(out)) return fault;
  // An empty Transfer-Encoding and the like: refused above, so here both must see the same framing.
  return out.chunked == run.chunked() ? Fault{} : kDisagreement;
}

}  // namespace colmeia::h1
