#include "pipeline/joined_body.h"

#include <algorithm>

namespace colmeia::pipeline {

BodySource::Pulled JoinedBody::Next(Piece& out) {
  for (;;) {
    if (ended_) {
      parts_[now_++].reset();
      ended_ = false;
    }
    const Pulled pulled = parts_[now_]->Next(out);
    if (pulled != Pulled::kLast || now_ + 1 == parts_.size()) return pulled;
    ended_ = true;
    if (out.length > 0) return Pulled::kMore;
  }
}

bool JoinedBody::live() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const auto& part) { return part != nullptr && part->live(); });
}

void JoinedBody::Drain() {
  for (const auto& part : parts_) {
    if (part != nullptr) part->Drain();
  }
}

void JoinedBody::SetReader(std::function<void()> on_ready) {
  for (const auto& part : parts_) {
    if (part != nullptr) part->SetReader(on_ready);
  }
}

void JoinedBody::MoveMemory(const char* from, std::size_t size, const char* to) {
  for (const auto& part : parts_) {
    if (part != nullptr) part->MoveMemory(from, size, to);
  }
}

}  // namespace colmeia::pipeline
