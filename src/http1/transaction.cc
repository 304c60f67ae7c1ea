#include "http1/transaction.h"

#include <algorithm>

#include "util/check.h"

namespace colmeia::http1 {

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

pipeline::BodySource::Pulled Transaction::Pull() {
  using pipeline::Piece;
  using Pulled = pipeline::BodySource::Pulled;
  pipeline::Body& content = exchange.response.body;
  Piece bytes;
  const Pulled pulled = content.source()->Next(bytes);
  if (pulled == Pulled::kWait || pulled == Pulled::kBroken) return pulled;
  const bool last = pulled == Pulled::kLast;
  switch (streaming) {
    case Streaming::kChunked:
      if (bytes.length > 0) {
        content.Queue({Piece::Memory(h1::WriteChunkHead(bytes.length, chunk_head_)), bytes,
                       Piece::Memory(last ? h1::kChunkEndAndLast : h1::kChunkEnd)});
      } else {
        content.Queue({Piece::Memory(last ? h1::kLastChunk : std::string_view{})});
      }
      break;
    case Streaming::kSized:
      CHECK(bytes.length <= promised && (!last || bytes.length == promised));
      promised -= bytes.length;
      [[fallthrough]];
    case Streaming::kPlain:
      content.Queue({bytes});
      break;
    case Streaming::kNo:
      CHECK(false);
  }
  piece = 0;
  piece_sent = 0;
  if (last) streaming = Streaming::kNo;
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
  pace = {};
  text = {};
  text_is_own_ = false;
  head_left = 0;
  piece = 0;
  piece_sent = 0;
  promised = 0;
}

TransactionPool::~TransactionPool() {
  while (!free_.empty()) const std::unique_ptr<Transaction> gone(&free_.PopFront());
}

Transaction& TransactionPool::Take() {
  ++taken_;
  return free_.empty() ? *std::make_unique<Transaction>().release() : free_.PopFront();
}

void TransactionPool::Release(Transaction& transaction) {
  --taken_;
  transaction.Reset();
  if (free_.size() == kKept) {
    const std::unique_ptr<Transaction> gone(&transaction);
    return;
  }
  free_.PushFront(transaction);
}

}  // namespace colmeia::http1
