#include "http1/transaction.h"

#include <algorithm>

#include "h1/writer.h"

namespace colmeia::http1 {
namespace {

// Memory that a stream may hold while it waits.
constexpr std::size_t kIdleChunk = 4096;

}  // namespace

bool Transaction::IsSent() const {
  return answer == Answer::kQueued && text.empty() && piece == exchange.response.body.pieces().size() &&
         streaming == Streaming::kNo;
}

bool Transaction::IsOver() const { return IsSent() && body.done(); }

std::uint64_t Transaction::Advance(std::uint64_t bytes) {
  pipeline::Response& response = exchange.response;
  const std::uint64_t of_text = std::min<std::uint64_t>(bytes, text.size());
  const std::uint64_t of_head = std::min(of_text, head_left);
  text.remove_prefix(static_cast<std::size_t>(of_text));
  head_left -= of_head;
  response.bytes_sent += of_text;
  response.body_bytes_sent += of_text - of_head;
  bytes -= of_text;

  if (answer != Answer::kQueued) return bytes;
  const auto& pieces = response.body.pieces();
  while (piece < pieces.size()) {
    const std::uint64_t of_piece = std::min(bytes, pieces[piece].length - piece_sent);
    piece_sent += of_piece;
    response.bytes_sent += of_piece;
    response.body_bytes_sent += of_piece;
    bytes -= of_piece;
    if (piece_sent < pieces[piece].length) break;  // an empty piece is sent as soon as it is reached
    piece_sent = 0;
    ++piece;
  }
  return bytes;
}

pipeline::BodyStream::Pulled Transaction::Pull() {
  using Pulled = pipeline::BodyStream::Pulled;
  std::string& chunk = OwnText();
  const Pulled pulled = exchange.response.body.stream()->Next(chunk);
  if (pulled == Pulled::kWait || pulled == Pulled::kBroken) {
    if (chunk.capacity() > kIdleChunk) std::string().swap(chunk);
    return pulled;
  }
  if (streaming == Streaming::kChunked) {
    if (!chunk.empty()) h1::FrameChunk(chunk);
    if (pulled == Pulled::kLast) chunk.append(h1::kLastChunk);
  }
  if (pulled == Pulled::kLast) streaming = Streaming::kNo;
  text = chunk;
  return pulled;
}

void Transaction::Keep() {
  if (!head.empty() && head.data() != own_head_.data()) {
    own_head_.assign(head);
    exchange.MoveHead(head.data(), head.size(), own_head_.data());
    head = own_head_;
  }
  if (!text.empty() && !text_is_own_) {
    own_text_.assign(text);
    text = own_text_;
    text_is_own_ = true;
  }
}

std::string& Transaction::OwnText() {
  own_text_.clear();
  text_is_own_ = true;
  return own_text_;
}

void Transaction::Reset() {
  exchange.Reset();
  head = {};
  body.StartFixed(0);
  body_limit = 0;
  version_minor = 1;
  keep_alive = false;
  chunked = false;
  awaits_continue = false;
  refused = false;
  ready = false;
  answer = Answer::kNone;
  streaming = Streaming::kNo;
  use_sendfile = false;
  text = {};
  text_is_own_ = false;
  head_left = 0;
  piece = 0;
  piece_sent = 0;
  next = nullptr;
}

TransactionPool::~TransactionPool() {
  while (free_ != nullptr) {
    const std::unique_ptr<Transaction> gone(free_);
    free_ = gone->next;
  }
}

Transaction& TransactionPool::Take() {
  ++taken_;
  if (free_ == nullptr) return *std::make_unique<Transaction>().release();
  Transaction& transaction = *free_;
  free_ = transaction.next;
  transaction.next = nullptr;
  --kept_;
  return transaction;
}

void TransactionPool::Release(Transaction& transaction) {
  --taken_;
  transaction.Reset();
  if (kept_ == kKept) {
    const std::unique_ptr<Transaction> gone(&transaction);
    return;
  }
  transaction.next = free_;
  free_ = &transaction;
  ++kept_;
}

}  // namespace colmeia::http1
