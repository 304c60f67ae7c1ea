#include "trace/ring.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "util/check.h"

namespace colmeia::trace {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

constexpr std::uint32_t kRingMagic = 0x72746c63;  // the bytes "cltr"
constexpr std::uint32_t kRingVersion = 1;         // bump at any change of the layout
constexpr std::uint32_t kMaxCapacity = 1U << 20;

struct NamedKind {
  Kind kind;
  std::string_view name;
};
constexpr NamedKind kKinds[] = {
    {Kind::kSpawn, "spawn"},       {Kind::kExit, "exit"},
    {Kind::kSend, "send"},         {Kind::kReceive, "receive"},
    {Kind::kClosed, "closed"},     {Kind::kSignal, "signal"},
    {Kind::kKill, "kill"},         {Kind::kState, "state"},
    {Kind::kServer, "server"},     {Kind::kGeneration, "generation"},
    {Kind::kCommand, "command"},   {Kind::kReply, "reply"},
    {Kind::kListener, "listener"}, {Kind::kLog, "log"},
    {Kind::kDeadline, "deadline"}, {Kind::kHeartbeat, "heartbeat"},
};

// A record as it lies in the ring. `text` ends at its first NUL.
struct Record128 {
  std::uint64_t sequence;  // 0 while the record is being written
  std::uint64_t monotonic_ns;
  std::uint64_t wall_ns;
  std::uint64_t cause;
  std::uint32_t slot;
  std::uint32_t generation;
  std::int32_t pid;
  std::uint32_t frame_sequence;
  std::uint32_t size;
  std::uint16_t kind;
  std::uint16_t message_type;
  std::array<char, kMaxText + 1> text;
};
constexpr std::size_t kRecordSize = 128;
static_assert(sizeof(Record128) == kRecordSize);

// The same bytes as words that two processes may touch at once. Word 0 is the sequence number.
using Words = std::array<std::uint64_t, kRecordSize / 8>;
using SharedWords = std::array<std::atomic<std::uint64_t>, kRecordSize / 8>;
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && sizeof(SharedWords) == kRecordSize);

struct Header {
  std::atomic<std::uint32_t> magic;
  std::atomic<std::uint32_t> version;
  std::atomic<std::uint32_t> capacity;
  std::atomic<std::uint32_t> record_size;
  std::atomic<std::uint64_t> newest;
};
constexpr std::size_t kHeaderSize = kRecordSize;
static_assert(sizeof(Header) <= kHeaderSize);

std::size_t RingSize(std::uint32_t capacity) { return kHeaderSize + std::size_t{capacity} * kRecordSize; }

Header& HeaderOf(const sys::Mapping& mapping) { return *static_cast<Header*>(mapping.data()); }

SharedWords& RecordAt(const sys::Mapping& mapping, std::uint32_t capacity, std::uint64_t sequence) {
  char* const records = static_cast<char*>(mapping.data()) + kHeaderSize;
  return *reinterpret_cast<SharedWords*>(records + (sequence & (capacity - 1)) * kRecordSize);
}

std::uint64_t Nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

// At most kMaxText bytes, not ending within a UTF-8 character, up to a NUL.
std::string_view Cut(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  if (text.size() <= kMaxText) return text;
  std::size_t end = kMaxText;
  while (end > kMaxText - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

Event ToEvent(const Record128& record) {
  Event event;
  event.kind = static_cast<Kind>(record.kind);
  event.slot = record.slot;
  event.generation = record.generation;
  event.pid = record.pid;
  event.message_type = record.message_type;
  event.frame_sequence = record.frame_sequence;
  event.size = record.size;
  event.cause = record.cause;
  event.text.assign(record.text.begin(), std::find(record.text.begin(), record.text.end(), '\0'));
  event.sequence = record.sequence;
  event.monotonic_ns = record.monotonic_ns;
  event.wall_ns = record.wall_ns;
  return event;
}

}  // namespace

std::string_view KindName(Kind kind) {
  const auto* const found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [kind](const NamedKind& named) { return named.kind == kind; });
  return found == std::end(kKinds) ? "?" : found->name;
}

std::optional<Kind> ParseKind(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [name](const NamedKind& named) { return named.name == name; });
  if (found == std::end(kKinds)) return std::nullopt;
  return found->kind;
}

Writer::Writer(sys::UniqueFd fd, sys::Mapping mapping, std::uint32_t capacity)
    : fd_(std::move(fd)), mapping_(std::move(mapping)), capacity_(capacity) {}

Result<Writer> Writer::Create(std::uint32_t capacity) {
  CHECK(std::has_single_bit(capacity) && capacity <= kMaxCapacity);
  Result<sys::UniqueFd> fd = sys::SharedMemfd("colmeia-trace", RingSize(capacity));
  if (!fd) return tl::unexpected(std::move(fd.error()));
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(fd->get(), RingSize(capacity), /*writable=*/true);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  // A kernel too old to seal leaves a ring that workers could write if they were taken over; the master never reads it
  // back.
  (void)sys::SealFutureWrites(fd->get());

  Header& header = HeaderOf(*mapping);
  header.version.store(kRingVersion, kRelaxed);
  header.capacity.store(capacity, kRelaxed);
  header.record_size.store(kRecordSize, kRelaxed);
  header.magic.store(kRingMagic, std::memory_order_release);
  return Writer(std::move(*fd), std::move(*mapping), capacity);
}

std::uint64_t Writer::Record(const Event& event) {
  const std::uint64_t sequence = next_++;
  Record128 record{};
  record.sequence = sequence;
  record.monotonic_ns = Nanoseconds(CLOCK_MONOTONIC);
  record.wall_ns = Nanoseconds(CLOCK_REALTIME);
  record.cause = event.cause;
  record.slot = event.slot;
  record.generation = event.generation;
  record.pid = event.pid;
  record.frame_sequence = event.frame_sequence;
  record.size = event.size;
  record.kind = static_cast<std::uint16_t>(event.kind);
  record.message_type = event.message_type;
  const std::string_view text = Cut(event.text);
  std::copy(text.begin(), text.end(), record.text.begin());

  const auto words = std::bit_cast<Words>(record);
  SharedWords& shared = RecordAt(mapping_, capacity_, sequence);
  shared[0].store(0, kRelaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 1; i < words.size(); ++i) shared[i].store(words[i], kRelaxed);
  shared[0].store(sequence, std::memory_order_release);
  HeaderOf(mapping_).newest.store(sequence, std::memory_order_release);
  return sequence;
}

Reader::Reader(sys::Mapping mapping, std::uint32_t capacity) : mapping_(std::move(mapping)), capacity_(capacity) {}

Result<Reader> Reader::Open(int fd) {
  Result<sys::Mapping> head = sys::Mapping::MapShared(fd, kHeaderSize, /*writable=*/false);
  if (!head) return tl::unexpected(std::move(head.error()));
  const Header& header = HeaderOf(*head);
  if (header.magic.load(std::memory_order_acquire) != kRingMagic) return Fail("the memory is not a trace");
  const std::uint32_t version = header.version.load(kRelaxed);
  const std::uint32_t capacity = header.capacity.load(kRelaxed);
  if (version != kRingVersion || header.record_size.load(kRelaxed) != kRecordSize || !std::has_single_bit(capacity) ||
      capacity > kMaxCapacity) {
    return Fail(fmt::format("the trace has layout {}, this process knows layout {}", version, kRingVersion));
  }
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(fd, RingSize(capacity), /*writable=*/false);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  return Reader(std::move(*mapping), capacity);
}

std::uint64_t Reader::newest() const { return HeaderOf(mapping_).newest.load(std::memory_order_acquire); }

std::vector<Event> Reader::Snapshot(std::uint64_t after) const {
  std::vector<Event> events;
  const std::uint64_t last = newest();
  const std::uint64_t oldest = last > capacity_ ? last - capacity_ + 1 : 1;
  for (std::uint64_t sequence = std::max(oldest, after + 1); sequence <= last; ++sequence) {
    const SharedWords& shared = RecordAt(mapping_, capacity_, sequence);
    Words words{};
    words[0] = shared[0].load(std::memory_order_acquire);
    if (words[0] != sequence) continue;
    for (std::size_t i = 1; i < words.size(); ++i) words[i] = shared[i].load(kRelaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (shared[0].load(kRelaxed) != sequence) continue;
    events.push_back(ToEvent(std::bit_cast<Record128>(words)));
  }
  return events;
}

}  // namespace colmeia::trace
