#include "pipeline/body.h"

#include <gmock/gmock.h>

namespace colmeia::pipeline {
namespace {

std::string Text(const std::vector<Piece>& pieces) {
  std::string out;
  for (const Piece& piece : pieces) {
    if (piece.in_memory()) {
      out += piece.memory;
    } else {
      out += "[" + std::to_string(piece.offset) + "+" + std::to_string(piece.length) + "]";
    }
  }
  return out;
}

TEST(BodyTest, SlicesAcrossPieces) {
  Body body;
  body.Add(Piece::Memory("abc"));
  body.Add(Piece::File(5, 100, 10));
  body.Add(Piece::Memory("xyz"));

  const auto slice = [&](std::uint64_t first, std::uint64_t length) {
    std::vector<Piece> out;
    body.Slice(first, length, out);
    return Text(out);
  };

  EXPECT_EQ(body.length(), 16u);
  EXPECT_EQ(slice(0, 16), "abc[100+10]xyz");
  EXPECT_EQ(slice(2, 3), "c[100+2]");
  EXPECT_EQ(slice(5, 4), "[102+4]");
  EXPECT_EQ(slice(12, 3), "[109+1]xy");
  EXPECT_EQ(slice(16, 0), "");
}

TEST(BodyTest, LeavesOutEmptyPieces) {
  Body body;
  body.Add(Piece::Memory(""));

  EXPECT_TRUE(body.pieces().empty());
}

TEST(BodyTest, KeepsItsOwnerUntilCleared) {
  Body body;
  auto owner = std::make_shared<int>(1);
  body.Own(owner);
  EXPECT_EQ(owner.use_count(), 2);

  body.Clear();

  EXPECT_EQ(owner.use_count(), 1);
}

}  // namespace
}  // namespace colmeia::pipeline
