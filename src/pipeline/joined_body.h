// JoinedBody: sources one behind the other, as one. Each is destroyed when what is behind it is pulled.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "pipeline/body_source.h"

namespace colmeia::pipeline {

class JoinedBody final : public BodySource {
 public:
  // REQUIRES: at least one, and none is null.
  explicit JoinedBody(std::vector<std::unique_ptr<BodySource>> parts) : parts_(std::move(parts)) {}

  [[nodiscard]] Pulled Next(Piece& out) override;
  [[nodiscard]] bool live() const override;
  void Drain() override;
  void SetReader(std::function<void()> on_ready) override;
  void MoveMemory(const char* from, std::size_t size, const char* to) override;

 private:
  std::vector<std::unique_ptr<BodySource>> parts_;  // null: it is over
  std::size_t now_ = 0;                             // the one that is pulled
  bool ended_ = false;                              // it has given its last piece, which may still be with the reader
};

}  // namespace colmeia::pipeline
