#include "http1/output.h"

#include <algorithm>
#include <array>
#include <span>

#include "http1/shared.h"
#include "pipeline/report.h"
#include "pipeline/runner.h"
#include "site/core_settings.h"
#include "sys/io.h"
#include "util/check.h"

namespace colmeia::http1 {

// What leaves in one go: parts in memory, then perhaps a range of a file.
struct Output::Batch {
  static constexpr std::size_t kMaxParts = 64;

  std::array<iovec, kMaxParts> parts;
  std::size_t count = 0;
  std::size_t bytes = 0;  // of the parts
  sys::FileRange file;
  bool more = false;                  // something follows at once, for which a packet may wait
  Transaction* short_file = nullptr;  // the transaction whose file has become shorter or cannot be read

  [[nodiscard]] bool full() const { return count == kMaxParts; }
  void Add(const char* data, std::size_t size) {
    bytes += size;
    if (count > 0 && static_cast<const char*>(parts[count - 1].iov_base) + parts[count - 1].iov_len == data) {
      parts[count - 1].iov_len += size;
      return;
    }
    parts[count++] = iovec{const_cast<char*>(data), size};
  }
  // Leaves at most `most` bytes, which is not 0, of an answer that is followed by a pause.
  void Trim(std::uint64_t most) {
    while (bytes > most) {
      iovec& last = parts[count - 1];
      const std::size_t cut = std::min(last.iov_len, static_cast<std::size_t>(bytes - most));
      last.iov_len -= cut;
      bytes -= cut;
      if (last.iov_len == 0) --count;
      short_file = nullptr;  // it is met again
    }
    file.size = static_cast<std::size_t>(std::min<std::uint64_t>(file.size, most - bytes));
    more = more && file.size > 0;
  }
};

namespace {

std::uint64_t ChunkLimit(const Transaction& transaction) {
  const std::uint64_t limit = transaction.exchange.settings<site::CoreSettings>().sendfile_max_chunk;
  return limit == 0 ? UINT64_MAX : limit;
}

bool HasBytes(const Transaction* transaction) {
  return transaction != nullptr &&
         (!transaction->text.empty() || (transaction->answer == Answer::kQueued &&
                                         transaction->piece < transaction->exchange.response.body.pieces().size()));
}

}  // namespace

Output::~Output() { CHECK(empty()); }

void Output::Push(Transaction& transaction) { queue_.PushBack(transaction); }

void Output::Gather(Batch& batch) {
  for (Transaction* transaction = first(); transaction != nullptr; transaction = queue_.Next(*transaction)) {
    const bool apart = transaction != first() && (transaction->pace.limited() || first()->pace.limited());
    if (batch.full() || apart) {
      batch.more = HasBytes(transaction);
      return;
    }
    if (!transaction->text.empty()) batch.Add(transaction->text.data(), transaction->text.size());
    if (transaction->answer != Answer::kQueued) return;

    const auto& pieces = transaction->exchange.response.body.pieces();
    std::uint64_t skip = transaction->piece_sent;
    for (std::size_t i = transaction->piece; i < pieces.size(); ++i, skip = 0) {
      const pipeline::Piece& piece = pieces[i];
      if (batch.full()) {
        batch.more = true;
        return;
      }
      if (piece.in_memory()) {
        batch.Add(piece.memory.data() + skip, piece.memory.size() - static_cast<std::size_t>(skip));
        continue;
      }
      const std::uint64_t left = piece.length - skip;
      const off_t offset = piece.offset + static_cast<off_t>(skip);
      if (transaction->use_sendfile) {
        // A head that waits for its file fills its packet, and costs a large file more than a packet of its own.
        batch.more = transaction->exchange.settings<site::CoreSettings>().tcp_nopush;
        batch.file = {piece.fd, offset, static_cast<std::size_t>(std::min(left, ChunkLimit(*transaction)))};
        return;
      }
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, shared_.file.capacity()));
      shared_.file.Clear();
      const sys::IoResult read = sys::ReadFileAt(piece.fd, offset, shared_.file.end(), wanted);
      if (read.bytes > 0) batch.Add(shared_.file.end(), read.bytes);
      if (read.bytes < wanted) batch.short_file = transaction;
      // The buffer holds one range at a time. When this one ends the piece the next batch begins behind it.
      batch.more = read.bytes < left || i + 1 < pieces.size() || HasBytes(queue_.Next(*transaction));
      return;
    }
  }
}

Flushed Output::Flush(transport::Transport& transport) {
  for (int pulls = 0;; ++pulls) {
    const Flushed flushed = FlushQueued(transport);
    if (flushed != Flushed::kAll || first() == nullptr || first()->streaming == Streaming::kNo) return flushed;
    if (pulls == kMaxPulls) return Flushed::kBlocked;
    switch (first()->Pull()) {
      case pipeline::BodySource::Pulled::kMore:
      case pipeline::BodySource::Pulled::kLast:
        break;
      case pipeline::BodySource::Pulled::kWait:
        return Flushed::kWaiting;
      case pipeline::BodySource::Pulled::kBroken:
        return Flushed::kBroken;
    }
  }
}

Flushed Output::FlushQueued(transport::Transport& transport) {
  Retire();
  if (!HasBytes(first())) return Flushed::kAll;
  const std::uint64_t limit = ChunkLimit(*first());
  std::uint64_t sent = 0;
  while (HasBytes(first())) {
    pipeline::Pace& pace = first()->pace;
    const std::uint64_t sent_of_first = first()->exchange.response.bytes_sent;
    if (pace.limited()) {
      pause_ = pace.Pause(sent_of_first, shared_.now());
      if (pause_ > util::Milliseconds(0)) return Flushed::kPaced;
    }
    if (sent >= limit) return Flushed::kBlocked;
    Batch batch;
    Gather(batch);
    if (pace.limited()) batch.Trim(pace.Allowance(sent_of_first, shared_.now()));
    const std::size_t offered = batch.bytes + batch.file.size;
    if (offered > 0) {
      const sys::IoResult result = transport.Write(std::span(batch.parts.data(), batch.count), batch.file, batch.more);
      if (result.status == sys::IoStatus::kAgain) return Flushed::kBlocked;
      Advance(result.bytes);
      sent += result.bytes;
      if (result.status == sys::IoStatus::kEnd) {
        pipeline::Report(first()->exchange, log::Level::kAlert, "file became shorter while it was sent");
      }
      if (result.status != sys::IoStatus::kDone) return Flushed::kBroken;
      // A short write means that the socket is full: asking it again would be a call for nothing.
      if (result.bytes < offered) return Flushed::kBlocked;
    }
    if (batch.short_file != nullptr) {
      pipeline::Report(batch.short_file->exchange, log::Level::kAlert, "file became shorter while it was sent");
      return Flushed::kBroken;
    }
  }
  return Flushed::kAll;
}

void Output::Advance(std::uint64_t bytes) {
  shared_.counts.Add(scoreboard::Total::kBytesOut, bytes);
  for (Transaction* transaction = first(); transaction != nullptr && bytes > 0; transaction = queue_.Next(*transaction))
    bytes = transaction->Advance(bytes);
  CHECK(bytes == 0);
  Retire();
}

void Output::Retire() {
  while (first() != nullptr && first()->IsOver()) Pop();
}

void Output::Keep() {
  for (Transaction* transaction = first(); transaction != nullptr; transaction = queue_.Next(*transaction))
    transaction->Keep();
}

void Output::Abandon() {
  while (first() != nullptr) Pop();
}

void Output::Pop() {
  Transaction& transaction = queue_.PopFront();
  pipeline::Response& response = transaction.exchange.response;
  response.complete = transaction.IsSent();
  if (transaction.waits()) pipeline::Runner::Cancel(transaction.exchange, http::Status::kClientClosedRequest);
  if (response.bytes_sent > 0) {
    shared_.counts.AddResponse(static_cast<unsigned>(http::Code(http::WireStatus(response.status))));
  }
  pipeline::Runner::Log(transaction.exchange);
  shared_.transactions.Release(transaction);
}

}  // namespace colmeia::http1
