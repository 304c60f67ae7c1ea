#include "trace/chrome.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>

#include "trace/story.h"

namespace colmeia::trace {
namespace {

// Contains a text that is written with ' for ".
testing::Matcher<std::string> Has(std::string text) {
  std::replace(text.begin(), text.end(), '\'', '"');
  return testing::HasSubstr(text);
}

std::size_t Count(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(ChromeTest, StatesAreSlicesOfTheirWorker) {
  const std::string out = Chrome(AReload());

  EXPECT_THAT(out, Has("{'ph':'M','name':'process_name','pid':3,'tid':1,'ts':0.000,"
                       "'args':{'name':'worker 0 (gen 1, pid 100)'}}"));
  EXPECT_THAT(out, Has("{'ph':'X','name':'draining','pid':3,'tid':1,'ts':5001900.000,'cat':'state','dur':400.000}"));
  EXPECT_THAT(out, Has("{'ph':'X','name':'starting','pid':5,'tid':1,'ts':5001000.000,'cat':'state','dur':500.000}"));
  // One that goes on ends where the trace ends.
  EXPECT_THAT(out, Has("{'ph':'X','name':'ready','pid':5,'tid':1,'ts':5001500.000,'cat':'state','dur':900.000}"));
}

TEST(ChromeTest, AMessageIsAnArrowFromSliceToSlice) {
  const std::string out = Chrome(AReload());

  const std::string begin = "'pid':2,'tid':2,'ts':5001800.000,'cat':'message'";
  const std::string end = "'pid':3,'tid':2,'ts':5001800.000,'cat':'message'";
  EXPECT_THAT(out, Has("{'ph':'X','name':'Drain'," + begin +
                       ",'dur':1.000,'args':{'seq':18,'cause':14,'text':'Drain deadline=0ms'}}"));
  EXPECT_THAT(out, Has("{'ph':'X','name':'Drain'," + end + ",'dur':1.000,"));
  EXPECT_THAT(out, Has("{'ph':'s','name':'Drain'," + begin + ",'id':18}"));
  EXPECT_THAT(out, Has("{'ph':'f','name':'Drain'," + end + ",'id':18,'bp':'e'}"));
  EXPECT_EQ(Count(out, "\"ph\":\"s\""), Count(out, "\"ph\":\"f\""));
}

TEST(ChromeTest, ASignalIsAMark) {
  EXPECT_THAT(Chrome(AReload()),
              Has("{'ph':'i','name':'signal 10 (SIGUSR1)','pid':2,'tid':2,'ts':5002400.000,'cat':'mark','s':'p',"
                  "'args':{'seq':24,'cause':0,'text':'signal 10 (SIGUSR1)'}}"));
}

TEST(ChromeTest, AReloadIsABarFromItsBeginningToItsEnd) {
  const std::string out = Chrome({{.kind = EventKind::kGeneration, .generation = 2, .text = "begun", .sequence = 1},
                                  {.kind = EventKind::kGeneration,
                                   .generation = 2,
                                   .text = "rejected: no such file",
                                   .sequence = 2,
                                   .monotonic_ns = 3'000'000}});

  EXPECT_THAT(out, Has("{'ph':'b','name':'reload to generation 2','pid':1,'tid':1,'ts':0.000,'cat':'reload','id':2}"));
  EXPECT_THAT(out, Has("'ph':'e','name':'reload to generation 2','pid':1,'tid':1,'ts':3000.000"));
}

TEST(ChromeTest, SlicesOfEventsCloseTogetherDoNotOverlap) {
  const std::string out =
      Chrome({{.kind = EventKind::kCommand, .peer = Peer::kOperator, .sequence = 1, .monotonic_ns = 100},
              {.kind = EventKind::kReply, .peer = Peer::kOperator, .sequence = 2, .monotonic_ns = 300}});

  EXPECT_EQ(Count(out, "\"dur\":0.100"), 2u);
  EXPECT_EQ(Count(out, "\"dur\":1.000"), 2u);
}

TEST(ChromeTest, NothingIsAnEmptyTrace) { EXPECT_THAT(Chrome({}), Has("'args':{'name':'master'}")); }

}  // namespace
}  // namespace colmeia::trace
