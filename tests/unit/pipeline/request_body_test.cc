// Bodies of requests without a connection: the test is the session.
#include "pipeline/request_body.h"

#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include "loop/loop.h"
#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

using testing::IsEmpty;

class RequestBodyTest : public SiteTest {
 protected:
  RequestBodyTest() {
    std::string path = testing::TempDir() + "colmeia-body-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    folder = path;
    services.loop = &loop;
  }
  ~RequestBodyTest() override {
    exchange.Reset();
    std::filesystem::remove_all(folder);
  }

  // A server whose exchange waits for nothing yet, with a body of `length` announced.
  void Ready(const std::string& directives, std::optional<std::uint64_t> length) {
    LoadServer("client_body_temp_path " + folder + "; " + directives + " location / { say answer; }");
    Get("/");
    exchange.response.Drop();
    exchange.body.Begin(length, [this] { ++wanted; });
  }

  Outcome Collect() {
    const Outcome outcome = CollectBody(exchange, [](Exchange&) { return Outcome::Done(); });
    if (exchange.awaiting() != nullptr) exchange.awaiting()->SetRunner([this] { is_ready = true; });
    return outcome;
  }
  void UntilReady() {
    while (!is_ready) loop.RunOnce();
  }
  std::string Content() {
    const std::optional<Piece> content = exchange.body.content();
    if (!content) return "(none)";
    if (content->in_memory()) return std::string(content->memory);
    std::string bytes(content->length, '\0');
    EXPECT_EQ(::pread(content->fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
  }
  [[nodiscard]] std::size_t Files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
  }

  loop::Loop loop;
  std::string folder;
  int wanted = 0;
  bool is_ready = false;
};

TEST_F(RequestBodyTest, ARequestWithoutOneIsAnsweredAtOnce) {
  LoadServer("location / { say answer; }");
  Get("/");
  EXPECT_EQ(Collect().next, Next::kDone);
  EXPECT_EQ(exchange.body.state(), RequestBody::State::kNone);
  EXPECT_EQ(Content(), "");
}

TEST_F(RequestBodyTest, NothingIsWantedBeforeItIsAskedFor) {
  Ready("", 4);
  EXPECT_FALSE(exchange.body.wants());
  EXPECT_EQ(Content(), "(none)");

  EXPECT_EQ(Collect().next, Next::kAwait);

  EXPECT_TRUE(exchange.body.wants());
}

TEST_F(RequestBodyTest, WhatFitsLiesInMemory) {
  Ready("client_body_buffer_size 8;", std::nullopt);
  (void)Collect();
  exchange.body.Take("1234");
  EXPECT_FALSE(is_ready);
  exchange.body.Take("5678");
  exchange.body.End();
  EXPECT_TRUE(is_ready);
  EXPECT_FALSE(exchange.body.wants());

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);
  EXPECT_EQ(Content(), "12345678");
  EXPECT_EQ(exchange.body.file(), nullptr);
  EXPECT_EQ(Collect().next, Next::kDone) << "it may be asked for again";
}

TEST_F(RequestBodyTest, WhatIsThereAlreadyIsNotWaitedFor) {
  Ready("", 0);
  exchange.body.End();
  EXPECT_EQ(Collect().next, Next::kDone);
  EXPECT_EQ(exchange.body.state(), RequestBody::State::kCollected);
}

TEST_F(RequestBodyTest, WhatIsTooLongLiesInAFileWhole) {
  Ready("client_body_buffer_size 8;", std::nullopt);
  (void)Collect();
  exchange.body.Take("12345678");
  exchange.body.Take("9");
  exchange.body.End();
  EXPECT_FALSE(is_ready) << "it is still being written";
  UntilReady();

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);
  EXPECT_EQ(Content(), "123456789");
  ASSERT_NE(exchange.body.file(), nullptr);
  EXPECT_THAT(exchange.body.file()->name(), IsEmpty());
  EXPECT_EQ(Files(), 0u);
}

TEST_F(RequestBodyTest, NoMoreIsWantedThanIsWritten) {
  Ready("client_body_buffer_size 8;", std::nullopt);
  (void)Collect();
  const std::string block(RequestBody::kBlock, 'x');
  exchange.body.Take(block);
  EXPECT_TRUE(exchange.body.wants()) << "the first block is being written";
  exchange.body.Take(block);
  EXPECT_FALSE(exchange.body.wants());
  EXPECT_EQ(wanted, 0);

  while (wanted == 0) loop.RunOnce();
  EXPECT_TRUE(exchange.body.wants());

  exchange.body.End();
  UntilReady();
  EXPECT_EQ(Content(), block + block);
}

TEST_F(RequestBodyTest, AFileWithANameGoesWithTheExchange) {
  Ready("client_body_in_file_only clean;", 1);
  (void)Collect();
  exchange.body.Take("x");
  exchange.body.End();
  UntilReady();
  (void)Runner::Resume(exchange);
  EXPECT_EQ(Content(), "x");
  EXPECT_EQ(Files(), 1u);

  exchange.Reset();
  EXPECT_EQ(Files(), 0u);
}

TEST_F(RequestBodyTest, ItStaysWithOn) {
  Ready("client_body_in_file_only on;", 1);
  (void)Collect();
  exchange.body.Take("x");
  exchange.body.End();
  UntilReady();
  exchange.Reset();
  EXPECT_EQ(Files(), 1u);
}

TEST_F(RequestBodyTest, WhatIsCancelledLeavesNothing) {
  Ready("client_body_in_file_only on;", std::nullopt);
  (void)Collect();
  exchange.body.Take(std::string(RequestBody::kBlock, 'x'));
  while (Files() == 0) loop.RunOnce();

  Runner::Cancel(exchange, http::Status::kBadRequest);

  EXPECT_EQ(exchange.body.state(), RequestBody::State::kDiscarded);
  while (Files() == 1) loop.RunOnce();  // the block that is being written holds it
}

TEST_F(RequestBodyTest, WhatCannotBeKeptIs500) {
  Ready("client_body_in_file_only on;", 1);
  std::filesystem::remove_all(folder);
  (void)Collect();
  exchange.body.Take("x");
  exchange.body.End();
  UntilReady();

  EXPECT_EQ(Runner::Resume(exchange), RunState::kComplete);

  EXPECT_EQ(status(), 500);
  EXPECT_EQ(Content(), "(none)");
}

TEST_F(RequestBodyTest, WhatIsTooLongByItsOwnWordIs413) {
  Ready("client_max_body_size 3;", 4);
  exchange.request.content_length = 4;
  const Outcome outcome = Collect();
  EXPECT_EQ(outcome.next, Next::kRespond);
  EXPECT_EQ(outcome.status, http::Status::kContentTooLarge);
}

// Streaming

using Pulled = BodySource::Pulled;

TEST_F(RequestBodyTest, AStreamIsPulledAsItComes) {
  Ready("", std::nullopt);
  BodySource& source = StreamBody(exchange);
  int woken = 0;
  source.SetReader([&] { ++woken; });
  Piece piece;
  EXPECT_EQ(source.Next(piece), Pulled::kWait);
  exchange.body.Take("one");
  exchange.body.Take("two");
  EXPECT_EQ(woken, 1);

  EXPECT_EQ(source.Next(piece), Pulled::kMore);
  EXPECT_EQ(piece.memory, "onetwo");
  EXPECT_EQ(source.length(), std::nullopt);
  exchange.body.Take("three");
  EXPECT_EQ(piece.memory, "onetwo") << "it stays until the next call";
  exchange.body.End();
  EXPECT_EQ(woken, 1) << "the reader was not waiting";
  piece = {};
  EXPECT_EQ(source.Next(piece), Pulled::kLast);
  EXPECT_EQ(piece.memory, "three");
  EXPECT_EQ(source.length(), 11u);
}

TEST_F(RequestBodyTest, AReaderThatDoesNotPullStopsTheClient) {
  Ready("", 1000000);
  BodySource& source = StreamBody(exchange);
  EXPECT_EQ(source.length(), 1000000u);
  exchange.body.Take(std::string(RequestBody::kBlock - 1, 'x'));
  EXPECT_TRUE(exchange.body.wants());
  exchange.body.Take("y");
  EXPECT_FALSE(exchange.body.wants());

  Piece piece;
  EXPECT_EQ(source.Next(piece), Pulled::kMore);
  EXPECT_EQ(piece.length, RequestBody::kBlock);
  EXPECT_TRUE(exchange.body.wants());
  EXPECT_EQ(wanted, 1);
}

TEST_F(RequestBodyTest, AStreamWithoutABodyIsEmpty) {
  LoadServer("location / { say answer; }");
  Get("/");
  Piece piece;
  EXPECT_EQ(StreamBody(exchange).Next(piece), Pulled::kLast);
  EXPECT_EQ(piece.length, 0u);
}

TEST_F(RequestBodyTest, AStreamThatIsCutIsBroken) {
  Ready("", 10);
  BodySource& source = StreamBody(exchange);
  int woken = 0;
  source.SetReader([&] { ++woken; });
  Piece piece;
  EXPECT_EQ(source.Next(piece), Pulled::kWait);
  exchange.body.Drop();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(source.Next(piece), Pulled::kBroken);
}

// Who asks for it

TEST_F(RequestBodyTest, ATextThatNamesItCollectsInItsPlaceAndThoseWithin) {
  Load(
      "http { server { listen 127.0.0.1:80; location /a { say $request_body; location /a/b { say x; } } "
      "location /c { say $request_uri; } location /d { say ${request_body_file}; } } }");
  ASSERT_NE(site, nullptr) << mistakes;
  const auto& locations = site->servers.front()->locations;
  EXPECT_TRUE(CollectsBody(locations.at(0)->settings));
  EXPECT_TRUE(CollectsBody(locations.at(0)->children.at(0)->settings));
  EXPECT_FALSE(CollectsBody(locations.at(1)->settings));
  EXPECT_TRUE(CollectsBody(locations.at(2)->settings));
  EXPECT_FALSE(CollectsBody(site->servers.front()->self->settings));
}

}  // namespace
}  // namespace colmeia::pipeline
