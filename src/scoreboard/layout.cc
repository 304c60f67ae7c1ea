#include "scoreboard/layout.h"

#include <cstring>
#include <iterator>

namespace colmeia::scoreboard {
namespace {

constexpr std::string_view kSlotStates[] = {"empty", "starting", "ready", "draining", "killed", "gone"};
constexpr std::string_view kServerStates[] = {"starting", "serving", "degraded", "draining", "stopping"};
constexpr std::string_view kTotalNames[] = {"accepts",        "handled",         "requests",         "bytes_in",
                                            "bytes_out",      "responses_1xx",   "responses_2xx",    "responses_3xx",
                                            "responses_4xx",  "responses_5xx",   "wasted_accepts",   "loop_turns",
                                            "busy_ns",        "cpu_us",          "connections_full", "descriptors_out",
                                            "log_lines_lost", "gzip_cache_hits", "gzip_cache_misses"};
constexpr std::string_view kGaugeNames[] = {"connections", "reading",   "writing", "waiting", "lag_last_ns",
                                            "lag_max_ns",  "rss_bytes", "turn_ns", "beat_ns"};
static_assert(std::size(kTotalNames) == kTotals && std::size(kGaugeNames) == kGauges);

template <std::size_t kCount, class Enum>
std::string_view Name(const std::string_view (&names)[kCount], Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kCount ? names[index] : "?";
}

}  // namespace

std::string_view SlotStateName(SlotState state) { return Name(kSlotStates, state); }
std::string_view ServerStateName(ServerState state) { return Name(kServerStates, state); }
std::string_view TotalName(Total total) { return Name(kTotalNames, total); }
std::string_view GaugeName(Gauge gauge) { return Name(kGaugeNames, gauge); }

std::uint64_t LagBucketLimitNs(std::size_t bucket) {
  return bucket + 1 < kLagBuckets ? std::uint64_t{1} << (14 + bucket) : UINT64_MAX;
}

void StoreText(std::string_view text, TextCells& cells) {
  text = text.substr(0, kMaxText);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string_view part = text.substr(std::min(i * sizeof(std::uint64_t), text.size()), sizeof(std::uint64_t));
    std::uint64_t word = 0;
    std::memcpy(&word, part.data(), part.size());
    cells[i].store(word, std::memory_order_relaxed);
  }
}

std::string LoadText(const TextCells& cells) {
  std::array<std::uint64_t, std::tuple_size_v<TextCells>> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = cells[i].load(std::memory_order_relaxed);
  std::string bytes(sizeof(words), '\0');
  std::memcpy(bytes.data(), words.data(), sizeof(words));
  return bytes.substr(0, bytes.find('\0'));
}

Slot& SlotWriter::Nowhere() {
  thread_local Slot slot{};
  return slot;
}

}  // namespace colmeia::scoreboard
