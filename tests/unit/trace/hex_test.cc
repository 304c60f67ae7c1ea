#include "trace/hex.h"

#include <gmock/gmock.h>

#include "ipc/frame.h"

namespace colmeia::trace {
namespace {

TEST(HexTest, BytesStandBesideTheirMeaning) {
  EXPECT_EQ("\n" + Hex(ipc::EncodeFrame(ipc::Lend{ipc::LentKind::kLog, 2, "logs/error.log"}, 7)), R"(
    0000  63 6f 6c 6d              magic             "colm"
    0004  01 00                    version           1
    0006  03 00                    type              3 (Lend)
    0008  07 00 00 00              sequence          7
    000c  00 00 00 00              in_reply_to       0
    0010  2b 00 00 00              length            43
    0014  02                       kind              log
    0015  02 00 00 00              ordinal           2
    0019  0e 00 00 00              size of name      14
    001d  6c 6f 67 73 2f 65 72 72  name              "logs/error.log"
    0025  6f 72 2e 6c 6f 67
    fd 1 of 1, beside the bytes    descriptor        log logs/error.log
)");
}

TEST(HexTest, DescriptorsFollowByName) {
  EXPECT_THAT(Hex(ipc::EncodeFrame(ipc::Adopt{}, 1)), testing::EndsWith(R"(
    fd 1 of 3, beside the bytes    descriptor        configuration
    fd 2 of 3, beside the bytes    descriptor        scoreboard
    fd 3 of 3, beside the bytes    descriptor        trace
)"));
}

TEST(HexTest, WhatIsNoFrameIsShownAllTheSame) {
  EXPECT_EQ("\n" + Hex("abc"), R"(
    0000  61 62 63                 no frame          a frame of 3 bytes is shorter than its header
)");
}

}  // namespace
}  // namespace colmeia::trace
