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
#include "util/utf8.h"

namespace colmeia::trace {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

constexpr std::uint32_t kRingMagic = 0x72746c63;  // the bytes "cltr"
constexpr std::uint32_t kRingVersion = 2;         // bump at any change of the layout
constexpr std::uint32_t kMaxCapacity = 1U << 20;
constexpr std::uint32_t kMaxFrameCapacity = 1U << 28;

// A record as it lies in the ring. `text` ends at its first NUL.
struct RawRecord {
  std::uint64_t sequence;  // 0 while the record is being written
  std::uint64_t monotonic_ns;
  std::uint64_t wall_ns;
  std::uint64_t cause;
  std::uint64_t frame_at;
  std::uint32_t slot;
  std::uint32_t seat;
  std::uint32_t generation;
  std::int32_t pid;
  std::uint32_t frame_sequence;
  std::uint32_t in_reply_to;
  std::uint32_t size;
  std::uint16_t kind;
  std::uint16_t message_type;
  std::uint8_t peer;
  std::uint8_t fds;
  std::array<char, 10> reserved;
  std::array<char, kMaxText + 1> text;
};
constexpr std::size_t kRecordSize = 256;
static_assert(sizeof(RawRecord) == kRecordSize);

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
  std::atomic<std::uint64_t> frames_end;  // of the last frame that is in its place, or being written there
  std::atomic<std::uint32_t> frame_capacity;
};
constexpr std::size_t kHeaderSize = kRecordSize;
static_assert(sizeof(Header) <= kHeaderSize);

// Frames begin at a whole word each, and the first not at 0, which stands for "none".
constexpr std::size_t kWord = sizeof(std::uint64_t);
using FrameWord = std::atomic<std::uint64_t>;

constexpr std::uint64_t RoundUp(std::uint64_t size) { return (size + kWord - 1) / kWord * kWord; }

std::size_t FramesBegin(const Layout& layout) { return kHeaderSize + std::size_t{layout.capacity} * kRecordSize; }
std::size_t RingSize(const Layout& layout) { return FramesBegin(layout) + layout.frame_capacity; }

bool IsUsable(const Layout& layout) {
  return std::has_single_bit(layout.capacity) && layout.capacity <= kMaxCapacity &&
         std::has_single_bit(layout.frame_capacity) && layout.frame_capacity >= kWord &&
         layout.frame_capacity <= kMaxFrameCapacity;
}

Header& HeaderOf(const sys::Mapping& mapping) { return *static_cast<Header*>(mapping.data()); }

SharedWords& RecordAt(const sys::Mapping& mapping, const Layout& layout, std::uint64_t sequence) {
  char* const records = static_cast<char*>(mapping.data()) + kHeaderSize;
  return *reinterpret_cast<SharedWords*>(records + (sequence & (layout.capacity - 1)) * kRecordSize);
}

FrameWord& FrameWordAt(const sys::Mapping& mapping, const Layout& layout, std::uint64_t at) {
  char* const frames = static_cast<char*>(mapping.data()) + FramesBegin(layout);
  return *reinterpret_cast<FrameWord*>(frames + (at & (layout.frame_capacity - 1)));
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
  while (end > kMaxText - 4 && util::IsUtf8Continuation(text[end])) --end;
  return text.substr(0, end);
}

Event ToEvent(const RawRecord& record) {
  Event event;
  event.kind = static_cast<EventKind>(record.kind);
  event.peer = static_cast<Peer>(record.peer);
  event.slot = record.slot;
  event.seat = record.seat;
  event.generation = record.generation;
  event.pid = record.pid;
  event.message_type = record.message_type;
  event.frame_sequence = record.frame_sequence;
  event.in_reply_to = record.in_reply_to;
  event.size = record.size;
  event.fds = record.fds;
  event.cause = record.cause;
  event.text.assign(record.text.begin(), std::find(record.text.begin(), record.text.end(), '\0'));
  event.sequence = record.sequence;
  event.monotonic_ns = record.monotonic_ns;
  event.wall_ns = record.wall_ns;
  event.frame_at = record.frame_at;
  return event;
}

}  // namespace

Writer::Writer(sys::UniqueFd fd, sys::Mapping mapping, Layout layout)
    : fd_(std::move(fd)), mapping_(std::move(mapping)), layout_(layout), frames_end_(kWord) {}

Result<Writer> Writer::Create(std::uint32_t capacity, std::uint32_t frame_capacity) {
  const Layout layout{capacity, frame_capacity};
  CHECK(IsUsable(layout));
  Result<sys::UniqueFd> fd = sys::SharedMemfd("colmeia-trace", RingSize(layout));
  if (!fd) return tl::unexpected(std::move(fd.error()));
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(fd->get(), RingSize(layout), /*writable=*/true);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  // Where the kernel is too old to seal, readers are kept from writing by what they map the ring from.
  (void)sys::SealFutureWrites(fd->get());

  Header& header = HeaderOf(*mapping);
  header.version.store(kRingVersion, kRelaxed);
  header.capacity.store(capacity, kRelaxed);
  header.frame_capacity.store(frame_capacity, kRelaxed);
  header.record_size.store(kRecordSize, kRelaxed);
  header.magic.store(kRingMagic, std::memory_order_release);
  return Writer(std::move(*fd), std::move(*mapping), layout);
}

// Readers learn that the place is taken before its bytes change, and where the frame is when it is whole.
std::uint64_t Writer::WriteFrame(std::string_view frame) {
  if (frame.empty() || frame.size() > layout_.frame_capacity) return 0;
  const std::uint64_t begin = frames_end_;
  frames_end_ += RoundUp(frame.size());
  HeaderOf(mapping_).frames_end.store(frames_end_, kRelaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < frame.size(); i += kWord) {
    std::uint64_t word = 0;
    std::memcpy(&word, frame.data() + i, std::min(kWord, frame.size() - i));
    FrameWordAt(mapping_, layout_, begin + i).store(word, kRelaxed);
  }
  return begin;
}

std::uint64_t Writer::Record(const Event& event, std::string_view frame) {
  const std::uint64_t sequence = next_++;
  RawRecord record{};
  record.sequence = sequence;
  record.monotonic_ns = Nanoseconds(CLOCK_MONOTONIC);
  record.wall_ns = Nanoseconds(CLOCK_REALTIME);
  record.cause = event.cause;
  record.frame_at = WriteFrame(frame);
  record.slot = event.slot;
  record.seat = event.seat;
  record.generation = event.generation;
  record.pid = event.pid;
  record.frame_sequence = event.frame_sequence;
  record.in_reply_to = event.in_reply_to;
  record.size = event.size;
  record.peer = static_cast<std::uint8_t>(event.peer);
  record.fds = event.fds;
  record.kind = static_cast<std::uint16_t>(event.kind);
  record.message_type = event.message_type;
  const std::string_view text = Cut(event.text);
  std::copy(text.begin(), text.end(), record.text.begin());

  const auto words = std::bit_cast<Words>(record);
  SharedWords& shared = RecordAt(mapping_, layout_, sequence);
  shared[0].store(0, kRelaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 1; i < words.size(); ++i) shared[i].store(words[i], kRelaxed);
  shared[0].store(sequence, std::memory_order_release);
  HeaderOf(mapping_).newest.store(sequence, std::memory_order_release);
  return sequence;
}

Reader::Reader(sys::Mapping mapping, Layout layout) : mapping_(std::move(mapping)), layout_(layout) {}

Result<Reader> Reader::Open(int fd) {
  const Result<sys::UniqueFd> reading = sys::OpenForReading(fd);
  if (!reading) return tl::unexpected(reading.error());
  Result<sys::Mapping> head = sys::Mapping::MapShared(reading->get(), kHeaderSize, /*writable=*/false);
  if (!head) return tl::unexpected(std::move(head.error()));
  const Header& header = HeaderOf(*head);
  if (header.magic.load(std::memory_order_acquire) != kRingMagic) return Fail("the memory is not a trace");
  const std::uint32_t version = header.version.load(kRelaxed);
  const Layout layout{header.capacity.load(kRelaxed), header.frame_capacity.load(kRelaxed)};
  if (version != kRingVersion || header.record_size.load(kRelaxed) != kRecordSize || !IsUsable(layout)) {
    return Fail(fmt::format("the trace has layout {}, this process knows layout {}", version, kRingVersion));
  }
  Result<sys::Mapping> mapping = sys::Mapping::MapShared(reading->get(), RingSize(layout), /*writable=*/false);
  if (!mapping) return tl::unexpected(std::move(mapping.error()));
  return Reader(std::move(*mapping), layout);
}

std::uint64_t Reader::newest() const { return HeaderOf(mapping_).newest.load(std::memory_order_acquire); }

std::uint64_t Reader::oldest() const {
  const std::uint64_t last = newest();
  return last > layout_.capacity ? last - layout_.capacity + 1 : 1;
}

std::vector<Event> Reader::Snapshot(std::uint64_t after, std::size_t limit) const {
  std::vector<Event> events;
  const std::uint64_t last = newest();
  std::uint64_t sequence = oldest();
  if (after >= sequence) sequence = after + 1;
  for (; sequence <= last && events.size() < limit; ++sequence) {
    const SharedWords& shared = RecordAt(mapping_, layout_, sequence);
    Words words{};
    words[0] = shared[0].load(std::memory_order_acquire);
    if (words[0] != sequence) continue;
    for (std::size_t i = 1; i < words.size(); ++i) words[i] = shared[i].load(kRelaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (shared[0].load(kRelaxed) != sequence) continue;
    events.push_back(ToEvent(std::bit_cast<RawRecord>(words)));
  }
  return events;
}

std::optional<std::string> Reader::Frame(const Event& event) const {
  const std::uint64_t begin = event.frame_at;
  if (begin == 0 || event.size == 0 || event.size > layout_.frame_capacity) return std::nullopt;
  std::string frame(event.size, '\0');
  for (std::size_t i = 0; i < frame.size(); i += kWord) {
    const std::uint64_t word = FrameWordAt(mapping_, layout_, begin + i).load(kRelaxed);
    std::memcpy(frame.data() + i, &word, std::min(kWord, frame.size() - i));
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  const std::uint64_t end = HeaderOf(mapping_).frames_end.load(kRelaxed);
  if (end < begin || end - begin > layout_.frame_capacity) return std::nullopt;
  return frame;
}

}  // namespace colmeia::trace
