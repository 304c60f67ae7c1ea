#include "ipc/frame.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "ipc/codec.h"
#include "ipc/value_text.h"
#include "util/check.h"
#include "util/strings.h"

namespace colmeia::ipc {
namespace {

struct CountFields {
  template <class... Values>
  std::size_t operator()(const Values&...) const {
    return sizeof...(Values);
  }
};

constexpr std::size_t CountWords(std::string_view text) {
  return text.empty() ? 0 : static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1;
}

template <class M>
constexpr std::string_view FdNamesOf() {
  if constexpr (requires { M::kFdNames; }) return M::kFdNames;
  return {};
}

template <class M>
constexpr std::string_view FdKindOf() {
  if constexpr (requires { M::kFdKind; }) return M::kFdKind;
  return {};
}

template <class M>
constexpr std::string_view FdIsOf() {
  if constexpr (requires { M::kFdIs; }) return M::kFdIs;
  return {};
}

// Everything that is known of the messages at compile time, in the order of the variant.
template <class Variant>
struct Declared;

template <class... Ms>
struct Declared<std::variant<Ms...>> {
  static constexpr std::array<MessageInfo, sizeof...(Ms)> Table() {
    std::array<MessageInfo, sizeof...(Ms)> table{{{Ms::kType, Ms::kName, Ms::kWay, Ms::kFds, Ms::kFieldNames,
                                                   FdNamesOf<Ms>(), FdKindOf<Ms>(), FdIsOf<Ms>()}...}};
    std::sort(table.begin(), table.end(), [](const MessageInfo& a, const MessageInfo& b) { return a.type < b.type; });
    return table;
  }

  static constexpr bool NoTypeTwice() {
    const auto table = Table();
    return std::adjacent_find(table.begin(), table.end(), [](const MessageInfo& a, const MessageInfo& b) {
             return a.type == b.type;
           }) == table.end();
  }

  // Reads the fields of the message of type `type` into `message`. False when there is none or it does not decode.
  static bool Read(MessageType type, std::string_view payload, Message& message) {
    return (ReadOne<Ms>(type, payload, message) || ...);
  }

 private:
  template <class M>
  static bool ReadOne(MessageType type, std::string_view payload, Message& message) {
    return M::kType == type && Decode(payload, message.emplace<M>());
  }
};

constexpr auto kTable = Declared<Message>::Table();
static_assert(Declared<Message>::NoTypeTwice(), "two messages share a number");
static_assert(std::all_of(kTable.begin(), kTable.end(),
                          [](const MessageInfo& info) { return info.fds >= 0 && info.fds <= kMaxFrameFds; }),
              "kMaxFrameFds is the most that any message carries");
static_assert(std::all_of(kTable.begin(), kTable.end(),
                          [](const MessageInfo& info) {
                            return CountWords(info.fd_names) == static_cast<std::size_t>(info.fds);
                          }),
              "every descriptor has a name");

// Fields calls it with the values; it writes " name=value" for each.
class Describer {
 public:
  Describer(std::string& out, std::string_view names) : out_(out), names_(names) {}

  template <class... Values>
  bool operator()(const Values&... values) {
    (Write(values), ...);
    return true;
  }

 private:
  template <class T>
  void Write(const T& value) {
    const std::size_t end = std::min(names_.find(' '), names_.size());
    fmt::format_to(std::back_inserter(out_), " {}=", names_.substr(0, end));
    names_.remove_prefix(std::min(end + 1, names_.size()));
    out_ += ValueText(value);
  }

  std::string& out_;  // outlives this
  std::string_view names_;
};

// The value of a field in what Describe said, without its quotes; to the end where the text was cut.
std::string ValueIn(std::string_view described, std::string_view field) {
  const std::string begin = fmt::format(" {}=\"", field);
  const std::size_t at = described.find(begin);
  std::string out;
  if (at == std::string_view::npos) return out;
  const std::string_view text = described.substr(at + begin.size());
  for (std::size_t i = 0; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) out += text[i++];
    out += text[i];
  }
  return out;
}

// The same of a field that has a word without quotes.
std::string_view WordIn(std::string_view described, std::string_view field) {
  const std::string begin = fmt::format(" {}=", field);
  const std::size_t at = described.find(begin);
  if (at == std::string_view::npos) return {};
  const std::string_view text = described.substr(at + begin.size());
  return text.substr(0, text.find(' '));
}

// Of a peer that speaks another version only what every version has in common is read.
std::string OtherVersion(std::string_view payload, const FrameHeader& header) {
  std::string who = "the peer";
  std::uint16_t version = 0;
  std::int32_t pid = 0;
  if (header.type == MessageType::kHello) {
    Decoder decoder(payload);
    if (decoder(version, pid)) who = fmt::format("the peer, pid {},", pid);
  }
  return fmt::format("{} speaks version {} of the channel protocol, this process version {}", who, header.version,
                     kProtocolVersion);
}

}  // namespace

std::string EncodeFrame(const Message& message, std::uint32_t sequence, std::uint32_t in_reply_to) {
  const std::string payload = std::visit([](const auto& m) { return Encode(m); }, message);
  CHECK(payload.size() <= UINT32_MAX - kFrameHeaderSize);
  FrameHeader header;
  header.type = TypeOf(message);
  header.sequence = sequence;
  header.in_reply_to = in_reply_to;
  header.length = static_cast<std::uint32_t>(kFrameHeaderSize + payload.size());
  return Encode(header) + payload;
}

Result<Frame> DecodeFrame(std::string_view datagram) {
  if (datagram.size() < kFrameHeaderSize) {
    return Fail(fmt::format("a frame of {} bytes is shorter than its header", datagram.size()));
  }
  if (datagram.size() > kMaxFrameSize) {
    return Fail(fmt::format("a frame of {} bytes is longer than the allowed {}", datagram.size(), kMaxFrameSize));
  }
  const std::string_view payload = datagram.substr(kFrameHeaderSize);
  Frame frame;
  CHECK(Decode(datagram.substr(0, kFrameHeaderSize), frame.header));
  const FrameHeader& header = frame.header;
  if (header.magic != kFrameMagic)
    return Fail(fmt::format("a frame begins with {:#010x}, not with \"colm\"", header.magic));
  if (header.version != kProtocolVersion) return Fail(OtherVersion(payload, header));
  if (header.length != datagram.size()) {
    return Fail(fmt::format("a frame says that it has {} bytes and has {}", header.length, datagram.size()));
  }
  if (FindMessage(header.type) == nullptr) {
    return Fail(fmt::format("a frame of unknown type {}", static_cast<unsigned>(header.type)));
  }
  if (!Declared<Message>::Read(header.type, payload, frame.message)) {
    return Fail(fmt::format("the {} bytes of a {} message do not decode", payload.size(), NameOf(header.type)));
  }
  return frame;
}

std::span<const MessageInfo> Messages() { return kTable; }

const MessageInfo* FindMessage(MessageType type) {
  const auto* const found =
      std::find_if(kTable.begin(), kTable.end(), [type](const MessageInfo& info) { return info.type == type; });
  return found == kTable.end() ? nullptr : found;
}

MessageType TypeOf(const Message& message) {
  return std::visit([](const auto& m) { return m.kType; }, message);
}

std::string_view NameOf(MessageType type) {
  const MessageInfo* const info = FindMessage(type);
  return info == nullptr ? "?" : info->name;
}

int FdsOf(const Message& message) {
  return std::visit([](const auto& m) { return m.kFds; }, message);
}

std::string Describe(const Message& message) {
  return std::visit(
      [](const auto& m) {
        CountFields count;
        CHECK(m.Fields(m, count) == CountWords(m.kFieldNames));
        std::string out = m.kName;
        Describer describer(out, m.kFieldNames);
        m.Fields(m, describer);
        return out;
      },
      message);
}

std::vector<std::string> DescribeFds(std::string_view described) {
  const std::string_view name = described.substr(0, described.find(' '));
  const auto* const info =
      std::find_if(kTable.begin(), kTable.end(), [name](const MessageInfo& row) { return row.name == name; });
  std::vector<std::string> out;
  if (info == kTable.end() || info->fds == 0) return out;
  for (const std::string_view fd : util::Split(info->fd_names, ' ')) out.emplace_back(fd);
  if (const std::string_view kind = info->fd_kind.empty() ? "" : WordIn(described, info->fd_kind); !kind.empty()) {
    out.front() = kind;
  }
  if (const std::string which = info->fd_is.empty() ? "" : ValueIn(described, info->fd_is); !which.empty()) {
    out.front() += " " + which;
  }
  return out;
}

}  // namespace colmeia::ipc
