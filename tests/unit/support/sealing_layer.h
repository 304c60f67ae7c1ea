// SealingLayer: a Layer with the ways of TLS and none of its mathematics. It shows a session what TlsLayer will: a
// handshake before the first byte, records that are of no use before they are whole, bytes that were sealed and that the
// socket did not take, a read that must write first, a write that must read first, an end that is said on the wire.
//
// A record is its kind, the size of its content (two bytes, the high one first) and the content, each byte of it changed.
// SealingPeer is the other side.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "loop/poll.h"
#include "sys/socket_io.h"
#include "transport/layer.h"

namespace colmeia {

enum class Record : char {
  kHello = 'H',    // the client's, whose content is a protocol; the server's answer repeats it. Before all others
  kData = 'D',     // bytes of the session
  kUpdate = 'U',   // the reader has to answer kUpdated before it reads on
  kUpdated = 'u',  // nothing
  kAsk = 'A',      // the writer writes no data before it has read kAnswer
  kAnswer = 'a',   // the answer to it
  kEnd = 'E',      // no more data
};

inline constexpr std::size_t kRecordHead = 3;

inline std::string Seal(Record kind, std::string_view content) {
  std::string record{static_cast<char>(kind), static_cast<char>(content.size() >> 8),
                     static_cast<char>(content.size())};
  for (const char c : content) record += static_cast<char>(c ^ 0x55);
  return record;
}

// Takes the first record out of `bytes`. False when it is not whole.
inline bool Unseal(std::string& bytes, Record& kind, std::string& content) {
  if (bytes.size() < kRecordHead) return false;
  const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])); };
  const std::size_t size = byte(1) * 256 + byte(2);
  if (bytes.size() < kRecordHead + size) return false;
  kind = static_cast<Record>(bytes[0]);
  content = bytes.substr(kRecordHead, size);
  for (char& c : content) c = static_cast<char>(c ^ 0x55);
  bytes.erase(0, kRecordHead + size);
  return true;
}

struct Sealing {
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);

  std::size_t record = 100;         // bytes of data in a record
  std::size_t records = 3;          // sealed at once
  std::size_t socket_takes = kAll;  // sealed bytes in one send, and the next one is put off
  std::size_t socket_gives = kAll;  // sealed bytes in one recv
  std::size_t asks_after = kAll;    // data that is sealed before the client is asked
};

class SealingLayer final : public transport::Layer {
 public:
  explicit SealingLayer(const Sealing& sealing) : sealing_(sealing) {}

  sys::IoResult Read(int fd, char* out, std::size_t size) override {
    for (;;) {
      if (!Flush(fd)) return status_;  // what it has to say comes first
      if (!opened_.empty()) break;
      if (ended_) return {sys::IoStatus::kEnd, 0, 0};
      if (!Open(fd)) return status_;
    }
    const std::size_t taken = std::min(size, opened_.size());
    std::copy_n(opened_.data(), taken, out);
    opened_.erase(0, taken);
    return {sys::IoStatus::kDone, taken, 0};
  }

  sys::IoResult Write(int fd, std::span<const iovec> parts, const sys::FileRange& /*file*/, bool /*more*/) override {
    std::string offered;
    for (const iovec& part : parts) offered.append(static_cast<const char*>(part.iov_base), part.iov_len);
    std::size_t taken = 0;
    for (;;) {
      // All that was sealed but the last byte of it counts as taken: that one when the kernel has it all.
      const bool flushed = Flush(fd);
      if (!flushed && status_.status == sys::IoStatus::kError) return {sys::IoStatus::kError, taken, status_.code};
      const std::size_t counted = flushed ? owed_ : owed_ - std::min<std::size_t>(owed_, 1);
      taken += counted;
      owed_ -= counted;
      offered.erase(0, counted);
      if (!flushed || offered.empty()) break;
      if (asks_ && !answered_) {
        if (Open(fd)) continue;
        if (status_.status != sys::IoStatus::kAgain) return {sys::IoStatus::kError, taken, EPIPE};
        writes_wait_for_read_ = true;
        break;
      }
      writes_wait_for_read_ = false;
      owed_ = SealSome(offered);
    }
    return {taken > 0 ? sys::IoStatus::kDone : sys::IoStatus::kAgain, taken, 0};
  }

  void End(int fd) override {
    if (std::exchange(end_is_said_, true)) return;
    unsent_ += Seal(Record::kEnd, "");
    const iovec part{unsent_.data(), unsent_.size()};
    static_cast<void>(sys::Send(fd, {&part, 1}, {}, false));
    unsent_.clear();
  }

  [[nodiscard]] int Interest(int events) const override {
    if ((events & loop::kWritable) != 0 && unsent_.empty() && writes_wait_for_read_) return loop::kReadable;
    if ((events & loop::kReadable) != 0 && !unsent_.empty()) return events | loop::kWritable;
    return events;
  }
  [[nodiscard]] bool pending() const override { return unsent_.empty() && (ended_ || !opened_.empty()); }
  [[nodiscard]] bool can_send_file() const override { return false; }
  [[nodiscard]] std::string_view alpn() const override { return alpn_; }
  [[nodiscard]] std::string_view scheme() const override { return "https"; }

 private:
  // Sends what is sealed. False when some of it is left: `status_` says why.
  bool Flush(int fd) {
    while (!unsent_.empty()) {
      status_ = {};
      if (sealing_.socket_takes != Sealing::kAll && (put_off_ = !put_off_)) return false;
      const iovec part{unsent_.data(), std::min(unsent_.size(), sealing_.socket_takes)};
      status_ = sys::Send(fd, {&part, 1}, {}, false);
      if (status_.status != sys::IoStatus::kDone) return false;
      unsent_.erase(0, status_.bytes);
    }
    return true;
  }

  // Reads from the socket once and opens what is whole. False when there was nothing: `status_` says why.
  bool Open(int fd) {
    char bytes[4096];
    status_ = sys::Receive(fd, bytes, std::min(sizeof(bytes), sealing_.socket_gives));
    if (status_.status != sys::IoStatus::kDone) return false;
    received_.append(bytes, status_.bytes);
    Record kind;
    std::string content;
    while (Unseal(received_, kind, content)) {
      switch (kind) {
        case Record::kHello:
          alpn_ = content;
          unsent_ += Seal(Record::kHello, content);
          break;
        case Record::kData:
          if (!alpn_.empty()) opened_ += content;
          break;
        case Record::kUpdate:
          unsent_ += Seal(Record::kUpdated, "");
          break;
        case Record::kAnswer:
          answered_ = true;
          break;
        case Record::kEnd:
          ended_ = true;
          break;
        case Record::kUpdated:
        case Record::kAsk:
          break;
      }
    }
    return true;
  }

  // Returns how many bytes of the data were sealed.
  std::size_t SealSome(std::string_view data) {
    std::size_t sealed = 0;
    for (std::size_t i = 0; i < sealing_.records && sealed < data.size(); ++i) {
      const std::string_view content = data.substr(sealed, sealing_.record);
      unsent_ += Seal(Record::kData, content);
      sealed += content.size();
    }
    sealed_ += sealed;
    if (sealed_ > sealing_.asks_after && !asks_) {
      asks_ = true;
      unsent_ += Seal(Record::kAsk, "");
    }
    return sealed;
  }

  const Sealing sealing_;
  std::string alpn_;
  std::string received_;  // of a record that is not whole
  std::string opened_;    // for the session
  std::string unsent_;    // sealed
  std::size_t owed_ = 0;  // data in `unsent_` that does not count as taken yet
  std::size_t sealed_ = 0;
  sys::IoResult status_;
  bool put_off_ = false;
  bool asks_ = false;
  bool answered_ = false;
  bool ended_ = false;
  bool end_is_said_ = false;
  bool writes_wait_for_read_ = false;
};

// What a client of a SealingLayer says and understands.
class SealingPeer {
 public:
  // The client's bytes on the wire: a hello, then data in records of this size, before each one a kUpdate if `updates`.
  static std::string Seal(std::string_view data, std::size_t record, bool updates) {
    std::string bytes = colmeia::Seal(Record::kHello, "test/1");
    for (; !data.empty(); data.remove_prefix(std::min(record, data.size()))) {
      if (updates) bytes += colmeia::Seal(Record::kUpdate, "");
      bytes += colmeia::Seal(Record::kData, data.substr(0, record));
    }
    return bytes;
  }

  // Takes what came from the server; returns what is to be answered.
  std::string Take(std::string_view bytes) {
    received_ += bytes;
    std::string answer;
    Record kind;
    std::string content;
    while (Unseal(received_, kind, content)) {
      if (kind == Record::kHello) hello = content;
      if (kind == Record::kData) data += content;
      if (kind == Record::kUpdated) ++updated;
      if (kind == Record::kAsk) answer += colmeia::Seal(Record::kAnswer, "");
      if (kind == Record::kEnd) ended = true;
    }
    return answer;
  }
  [[nodiscard]] bool holds_a_part() const { return !received_.empty(); }

  std::string hello;
  std::string data;
  std::size_t updated = 0;
  bool ended = false;  // and it was said

 private:
  std::string received_;
};

}  // namespace colmeia
