#include "ipc/dissect.h"

#include <cstdint>
#include <type_traits>

#include <fmt/core.h>

#include "ipc/codec.h"
#include "ipc/frame.h"
#include "ipc/value_text.h"

namespace colmeia::ipc {
namespace {

constexpr std::string_view kHeaderFieldNames = "magic version type sequence in_reply_to length";
constexpr std::size_t kStringSize = 4;  // of the length before a string

// Fields calls it with the values; it decodes each and writes down where it was.
class Dissector {
 public:
  Dissector(std::string_view datagram, std::size_t begin, std::string_view names, std::vector<Part>& out)
      : decoder_(datagram.substr(begin)), offset_(begin), names_(names), out_(out) {}

  template <class... Values>
  bool operator()(Values&... values) {
    return (Take(values) && ...);
  }

 private:
  template <class T>
  bool Take(T& value) {
    const std::size_t before = decoder_.remaining();
    if (!decoder_.Get(value)) return false;
    std::size_t size = before - decoder_.remaining();
    const std::string name = NextName();
    if constexpr (std::is_same_v<T, std::string>) {
      Add(kStringSize, "size of " + name, fmt::format("{}", value.size()));
      size -= kStringSize;
      if (size == 0) return true;
    }
    Add(size, name, ValueText(value));
    return true;
  }

  void Add(std::size_t size, std::string name, std::string value) {
    out_.push_back({offset_, size, std::move(name), std::move(value)});
    offset_ += size;
  }

  std::string NextName() {
    const std::size_t end = std::min(names_.find(' '), names_.size());
    std::string name(names_.substr(0, end));
    names_.remove_prefix(std::min(end + 1, names_.size()));
    return name;
  }

  Decoder decoder_;
  std::size_t offset_;
  std::string_view names_;
  std::vector<Part>& out_;
};

}  // namespace

Result<std::vector<Part>> Dissect(std::string_view datagram) {
  Result<Frame> frame = DecodeFrame(datagram);
  if (!frame) return tl::unexpected(std::move(frame.error()));
  std::vector<Part> parts;
  Dissector header(datagram.substr(0, kFrameHeaderSize), 0, kHeaderFieldNames, parts);
  FrameHeader::Fields(frame->header, header);
  for (Part& part : parts) {
    if (part.name == "magic") part.value = QuotedText(datagram.substr(part.offset, part.size));
    if (part.name == "type") part.value += fmt::format(" ({})", NameOf(frame->header.type));
  }
  std::visit(
      [&](auto& message) {
        Dissector payload(datagram, kFrameHeaderSize, message.kFieldNames, parts);
        message.Fields(message, payload);
      },
      frame->message);
  return parts;
}

}  // namespace colmeia::ipc
