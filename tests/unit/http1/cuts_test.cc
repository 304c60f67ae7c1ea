// The golden exchanges, and the requests of the golden pages of HTTP/1, through a layer that cuts, delays and breaks
// (support/cutting_layer.h): whatever it does, the client hears the same bytes; and when the connection breaks it has
// heard the beginning of them, nothing is left over (ConnectionFixture counts), and the connection is gone.
#include "http1/fixture.h"
#include "http1/stories.h"
#include "support/cutting_layer.h"
#include "support/golden_pages.h"

namespace colmeia::http1 {
namespace {

// What a client says in one go.
struct Speech {
  std::string bytes;
  bool ends = false;  // and then ends its side
};

struct Heard {
  std::string bytes;
  bool ended = false;
  bool operator==(const Heard&) const = default;
};

void PrintTo(const Heard& heard, std::ostream* out) { *out << heard.bytes << (heard.ended ? "<EOF>" : "<open>"); }

// Positions in so many bytes: all, or of a long text its two ends and some between.
std::vector<std::size_t> Positions(std::size_t size) {
  constexpr std::size_t kAll = 1024;
  constexpr std::size_t kEnds = 128;
  constexpr std::size_t kStep = 509;
  std::vector<std::size_t> positions;
  for (std::size_t at = 1; at < size; at += size <= kAll || at < kEnds || at + kEnds > size ? 1 : kStep) {
    positions.push_back(at);
  }
  return positions;
}

class CutsTest : public ConnectionFixture {
 protected:
  static constexpr int kManyTurns = 20000;

  // The value of each Date, of which two runs may differ, and the bytes of it that there are.
  static std::string WithoutDate(std::string bytes) {
    static constexpr std::string_view kName = "\r\nDate: ";
    static constexpr std::size_t kSize = 29;
    for (std::size_t at = 0; (at = bytes.find(kName, at)) != std::string::npos;) {
      at += kName.size();
      const std::size_t size = std::min(kSize, bytes.size() - at);
      bytes.replace(at, size, size, '-');
    }
    return bytes;
  }

  Heard HeardSoFar() { return {WithoutDate(client->received), client->ended}; }

  void Say(const Speech& speech, const Cuts& cuts) {
    make_layer = [&cuts] { return std::make_unique<CuttingLayer>(cuts); };
    Open();
    // A connection that breaks early is gone before it was told all.
    static_cast<void>(::send(client->fd(), speech.bytes.data(), speech.bytes.size(), MSG_NOSIGNAL));
    if (speech.ends) client->FinishSending();
  }

  // The client has heard what it wanted and goes.
  void Leave() {
    client->Close();
    for (int turns = 0; !connections.empty() && turns < kManyTurns; ++turns) loop.Turn();
    EXPECT_TRUE(connections.empty()) << "the connection stays";
  }

  // A pair of sockets needs no time: when some turns bring nothing, nothing comes.
  Heard HearPlain(const Speech& speech) {
    const Cuts none;
    Say(speech, none);
    for (int quiet = 0; quiet < 3; ++quiet) {
      loop.Turn();
      if (client->Take() > 0) quiet = 0;
    }
    const Heard heard = HeardSoFar();
    Leave();
    return heard;
  }

  void ExpectTheSame(const Speech& speech, const Heard& expected, const Cuts& cuts) {
    Say(speech, cuts);
    const auto is_all = [&] {
      return client->received.size() >= expected.bytes.size() && client->ended == expected.ended;
    };
    for (int turns = 0; !is_all() && turns < kManyTurns; ++turns) {
      loop.Turn();
      client->Take();
    }
    Turn(2);
    client->Take();
    EXPECT_EQ(HeardSoFar(), expected);
    Leave();
  }

  // The connection ends by itself, and the client has heard a beginning of the answers.
  void ExpectACleanEnd(const Speech& speech, const Heard& expected, const Cuts& cuts) {
    Say(speech, cuts);
    // It may wait for a client that has all its answers to go, lingering; that one has time until the others are done.
    for (int turns = 0; !connections.empty() && !client->ended && turns < kManyTurns; ++turns) {
      loop.Turn();
      client->Take();
    }
    client->Take();
    EXPECT_TRUE(client->ended);
    EXPECT_EQ(WithoutDate(client->received), expected.bytes.substr(0, client->received.size()));
    if (cuts.write_breaks < expected.bytes.size()) {
      EXPECT_EQ(client->received.size(), cuts.write_breaks);
    }
    Leave();
  }

  // Everything that can be done to what the client says.
  void CutReads(const Speech& speech, const Heard& expected) {
    const std::size_t least = speech.bytes.size() <= 4096 ? 1 : 61;
    for (const bool again : {false, true}) {
      for (const bool hoards : {false, true}) {
        SCOPED_TRACE(testing::Message() << (again ? "again " : "") << (hoards ? "hoards " : ""));
        for (const std::size_t size : {least, std::size_t{61}, std::size_t{1000}}) {
          ExpectTheSame(speech, expected, {.read_at_most = size, .again_between = again, .hoards = hoards});
        }
      }
    }
    for (const std::size_t at : Positions(speech.bytes.size())) {
      SCOPED_TRACE(testing::Message() << "read in two at " << at);
      ExpectTheSame(speech, expected, {.read_split = at, .again_between = true});
      ExpectTheSame(speech, expected, {.read_split = at, .hoards = true});
      if (HasFailure()) return;
    }
  }

  // Everything that can be done to the answers.
  void CutWrites(const Speech& speech, const Heard& expected) {
    for (const bool again : {false, true}) {
      for (const std::size_t size : {1u, 2u, 7u, 16u, 61u, 150u}) WriteBy(size, again, speech, expected);
    }
    for (const std::size_t at : Positions(expected.bytes.size())) {
      SCOPED_TRACE(testing::Message() << "written in two at " << at);
      ExpectTheSame(speech, expected, {.write_split = at, .again_between = true});
      if (HasFailure()) return;
    }
  }
  void WriteBy(std::size_t size, bool again, const Speech& speech, const Heard& expected) {
    for (const bool vain : {false, true}) {
      SCOPED_TRACE(testing::Message() << (again ? "again " : "") << (vain ? "vain " : "") << "written by " << size);
      ExpectTheSame(speech, expected, {.write_at_most = size, .again_between = again, .wakes_in_vain = vain});
      ExpectTheSame(speech, expected,
                    {.read_at_most = std::max<std::size_t>(size, 7),
                     .write_at_most = size,
                     .again_between = again,
                     .wakes_in_vain = vain,
                     .hoards = vain,
                     .sends_files = false});
    }
  }

  // The client breaks or ends at every byte.
  void BreakReads(const Speech& speech, const Heard& expected) {
    for (const std::size_t at : Positions(speech.bytes.size())) {
      SCOPED_TRACE(testing::Message() << "the client at " << at << " of " << speech.bytes.size());
      ExpectACleanEnd(speech, expected, {.read_breaks = at});
      ExpectACleanEnd(speech, expected, {.read_at_most = 23, .hoards = true, .read_ends = at});
      if (HasFailure()) return;
    }
  }
  void BreakWrites(const Speech& speech, const Heard& expected) {
    for (const std::size_t at : Positions(expected.bytes.size())) {
      SCOPED_TRACE(testing::Message() << "the server at " << at << " of " << expected.bytes.size());
      ExpectACleanEnd(speech, expected, {.write_breaks = at});
      ExpectACleanEnd(speech, expected, {.write_at_most = 61, .again_between = true, .write_breaks = at});
      if (HasFailure()) return;
    }
  }

  void CutAll(const Speech& speech) {
    const Heard expected = HearPlain(speech);
    CutReads(speech, expected);
    CutWrites(speech, expected);
  }
  void BreakAll(const Speech& speech) {
    const Heard expected = HearPlain(speech);
    BreakReads(speech, expected);
    BreakWrites(speech, expected);
  }
};

class CutExchangesTest : public CutsTest, public testing::WithParamInterface<Story> {
 protected:
  CutExchangesTest() {
    site.core.client_max_body_size = 10;
    site.core.keepalive_requests = 3;
    const auto [bytes, ends] = ToBytes(GetParam().says);
    speech = {bytes, ends};
  }
  Speech speech;
};

TEST_P(CutExchangesTest, AreTheSameInEveryCut) { CutAll(speech); }
TEST_P(CutExchangesTest, EndCleanlyWhereverTheyBreak) { BreakAll(speech); }

INSTANTIATE_TEST_SUITE_P(Golden, CutExchangesTest, testing::ValuesIn(AllStories()),
                         [](const auto& test) { return test.param.Name(); });

// Of their answers there are few kinds, which the exchanges have: it is the requests that are cut here.
class CutPagesTest : public CutsTest, public testing::WithParamInterface<std::string> {
 protected:
  template <class Do>
  void ForEachCase(Do what) {
    const std::vector<golden::Case> cases = golden::ReadCases(golden::ReadLines(golden::PathOf(GetParam())));
    ASSERT_FALSE(cases.empty());
    for (const golden::Case& one : cases) {
      SCOPED_TRACE(GetParam() + ".md: " + one.title);
      // What a client hears that waits for a 100 depends, and should, on whether its body came with the head.
      const bool waits = std::any_of(one.expected.begin(), one.expected.end(),
                                     [](const std::string& event) { return event.ends_with("expects 100"); });
      if (!waits) what(Speech{one.input, false});
    }
  }
};

TEST_P(CutPagesTest, AreTheSameInEveryCut) {
  ForEachCase([this](const Speech& speech) {
    const Heard expected = HearPlain(speech);
    CutReads(speech, expected);
    WriteBy(23, true, speech, expected);
  });
}
TEST_P(CutPagesTest, EndCleanlyWhereverTheyBreak) {
  ForEachCase([this](const Speech& speech) { BreakReads(speech, HearPlain(speech)); });
}

INSTANTIATE_TEST_SUITE_P(Golden, CutPagesTest, testing::ValuesIn(golden::Pages()),
                         [](const auto& test) { return test.param; });

// Files, which leave by sendfile(2) where the layer has nothing against it, and streams.
TEST_F(CutsTest, OfAFileAreTheSame) {
  site.SetFile(std::string(200, 'f'));
  CutAll({Get("/file") + Get("/hello") + Get("/file", "Connection: close\r\n")});
}
TEST_F(CutsTest, OfAFileEndCleanly) {
  site.SetFile(std::string(200, 'f'));
  BreakAll({Get("/file") + Get("/hello")});
}

}  // namespace
}  // namespace colmeia::http1
