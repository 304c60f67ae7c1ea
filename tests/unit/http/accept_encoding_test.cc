#include "http/accept_encoding.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

AcceptedCodings Read(std::string_view value) {
  Fields fields;
  fields.Add(HeaderId::kAcceptEncoding, value);
  return AcceptedCodings(fields);
}
int Gzip(std::string_view value) { return Read(value).WeightOf(Coding::kGzip); }

TEST(AcceptEncodingTest, ReadsWeights) {
  EXPECT_EQ(Gzip("gzip"), 1000);
  EXPECT_EQ(Gzip("deflate, GZip;q=0.5, br"), 500);
  EXPECT_EQ(Gzip("gzip ; q=0.025"), 25);
  EXPECT_EQ(Gzip("gzip;Q=1.000"), 1000);
  EXPECT_EQ(Gzip("gzip;q=0."), 0);
  EXPECT_EQ(Gzip("gzip;q=0.001"), 1);
  EXPECT_EQ(Gzip("x-gzip"), 1000);
}

TEST(AcceptEncodingTest, ARefusedCodingIsNotTaken) {
  for (const char* value : {"", "deflate", "gzip;q=0", "gzip;q=0.000", "gzipped", "agzip", "gzip/1", "br, gzip ;q=0"}) {
    EXPECT_EQ(Gzip(value), 0) << value;
  }
}

TEST(AcceptEncodingTest, WhatCannotBeReadRefuses) {
  for (const char* value : {"gzip;", "gzip;q", "gzip;q=", "gzip;q=2", "gzip;q=1.001", "gzip;q=-1", "gzip;q=0.1234",
                            "gzip;q=,", "gzip;level=1", "gzip;q=0.5;x", "gzip;q=a"}) {
    EXPECT_EQ(Gzip(value), 0) << value;
  }
}

TEST(AcceptEncodingTest, AStarStandsForTheOthers) {
  EXPECT_EQ(Gzip("*"), 1000);
  EXPECT_EQ(Gzip("br, *;q=0.1"), 100);
  EXPECT_EQ(Gzip("gzip;q=0, *"), 0);
  EXPECT_EQ(Gzip("*, gzip;q=0.5"), 500);
}

TEST(AcceptEncodingTest, TheFirstOfTwoCounts) {
  EXPECT_EQ(Gzip("gzip;q=0, gzip"), 0);

  Fields fields;
  fields.Add(HeaderId::kAcceptEncoding, "br");
  fields.Add(HeaderId::kAcceptEncoding, "gzip;q=0.5");
  EXPECT_EQ(AcceptedCodings(fields).WeightOf(Coding::kBrotli), 1000);
  EXPECT_EQ(AcceptedCodings(fields).WeightOf(Coding::kGzip), 500);
}

TEST(AcceptEncodingTest, AClientMayLikePlainBytesBetter) {
  EXPECT_TRUE(Read("gzip;q=0.1").Accepts(Coding::kGzip));
  EXPECT_FALSE(Read("gzip;q=0.1, identity").Accepts(Coding::kGzip));
  EXPECT_TRUE(Read("gzip, identity").Accepts(Coding::kGzip));
  EXPECT_FALSE(Read("gzip;q=0.5, *").Accepts(Coding::kGzip));
  EXPECT_FALSE(Read("identity;q=0").Accepts(Coding::kGzip));
  EXPECT_FALSE(AcceptedCodings().Accepts(Coding::kGzip));
}

TEST(AcceptEncodingTest, SixtyFourKibibytesAreNoTrouble) {
  std::string value;
  while (value.size() < 64 * 1024) value += "gzip;q=0.x,;,*;q=,identity;;,";
  EXPECT_EQ(Gzip(value), 0);
}

}  // namespace
}  // namespace colmeia::http
