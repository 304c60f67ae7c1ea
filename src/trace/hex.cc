#include "trace/hex.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "ipc/dissect.h"
#include "ipc/frame.h"
#include "util/escape.h"

namespace colmeia::trace {
namespace {

constexpr std::size_t kBytesInALine = 8;

// Descriptors travel beside the bytes, and have no place among them.
std::string DescriptorLines(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string place = fmt::format("fd {} of {}, beside the bytes", i + 1, names.size());
    out += fmt::format("    {:<31}{:<16}  {}\n", place, "descriptor", names[i]);
  }
  return out;
}

std::string PartLines(std::string_view frame, const ipc::Part& part) {
  std::string out;
  for (std::size_t done = 0; done < part.size; done += kBytesInALine) {
    std::string bytes;
    for (const char c : frame.substr(part.offset + done, std::min(kBytesInALine, part.size - done))) {
      bytes += fmt::format("{:02x} ", static_cast<unsigned char>(c));
    }
    std::string line = fmt::format("    {:04x}  {:<25}", part.offset + done, bytes);
    if (done == 0) line += fmt::format("{:<16}  {}", part.name, util::Escaped(util::EscapeFor::kCell, part.value));
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::string Hex(std::string_view frame) {
  const auto parts = ipc::Dissect(frame);
  if (!parts) return PartLines(frame, {0, frame.size(), "no frame", parts.error().message});
  std::string out;
  for (const ipc::Part& part : *parts) out += PartLines(frame, part);
  return out + DescriptorLines(ipc::DescribeFds(ipc::Describe(ipc::DecodeFrame(frame)->message)));
}

}  // namespace colmeia::trace
