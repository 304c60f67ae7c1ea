#include "http/status.h"

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

TEST(StatusTest, SpeaksNginxPhrases) {
  EXPECT_EQ(ReasonPhrase(Status::kFound), "Moved Temporarily");
  EXPECT_EQ(ReasonPhrase(Status::kMethodNotAllowed), "Not Allowed");
  EXPECT_EQ(StatusText(Status::kNotFound), "404 Not Found");
  EXPECT_EQ(StatusLine(Status::kOk), "HTTP/1.1 200 OK\r\n");
}

TEST(StatusTest, NumbersWithoutANameHaveNoText) {
  EXPECT_EQ(StatusLine(static_cast<Status>(299)), "");
  EXPECT_EQ(StatusText(static_cast<Status>(299)), "");
  EXPECT_EQ(ReasonPhrase(static_cast<Status>(0)), "");
  EXPECT_EQ(ReasonPhrase(static_cast<Status>(65535)), "");
}

TEST(StatusTest, NginxOwnCodesTravelAsBadRequest) {
  EXPECT_EQ(WireStatus(Status::kRequestHeaderTooLarge), Status::kBadRequest);
  EXPECT_EQ(WireStatus(Status::kToHttps), Status::kBadRequest);
  EXPECT_EQ(WireStatus(Status::kInvalidToken), Status::kInvalidToken);
  EXPECT_EQ(WireStatus(Status::kNotFound), Status::kNotFound);
}

TEST(StatusTest, SomeResponsesNeverHaveABody) {
  EXPECT_FALSE(MayHaveBody(Status::kContinue));
  EXPECT_FALSE(MayHaveBody(Status::kNoContent));
  EXPECT_FALSE(MayHaveBody(Status::kNotModified));
  EXPECT_TRUE(MayHaveBody(Status::kOk));
  EXPECT_TRUE(MayHaveBody(Status::kNotFound));
}

}  // namespace
}  // namespace colmeia::http
