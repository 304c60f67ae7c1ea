#include "pipeline/body_source.h"

namespace colmeia::pipeline {
namespace {

// Memory that a source may hold while it waits.
constexpr std::size_t kIdleText = 4096;

}  // namespace

BodySource::Pulled TextSource::Next(Piece& out) {
  text_.clear();
  const Pulled pulled = Write(text_);
  if (pulled == Pulled::kWait || pulled == Pulled::kBroken) {
    if (text_.capacity() > kIdleText) std::string().swap(text_);
    return pulled;
  }
  out = Piece::Memory(text_);
  return pulled;
}

}  // namespace colmeia::pipeline
