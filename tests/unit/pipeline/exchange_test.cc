#include "pipeline/exchange.h"

#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

using ExchangeTest = SiteTest;

TEST_F(ExchangeTest, EveryViewFollowsTheHeadWhenItMoves) {
  LoadServer("location / { say x; }");
  Get("/x");
  std::string moved = path_text;
  exchange.redirect_to = exchange.request.path;
  exchange.allow = exchange.request.path;
  exchange.content_range = exchange.request.path;
  exchange.named_location = exchange.request.path;
  exchange.response.content_type = exchange.request.path;
  exchange.response.etag = exchange.request.path;
  exchange.response.last_modified = exchange.request.path;
  exchange.response.fields.Add(exchange.request.path, exchange.request.path);

  exchange.MoveHead(path_text.data(), path_text.size(), moved.data());

  for (const std::string_view text :
       {exchange.request.path, exchange.request.target, exchange.redirect_to, exchange.allow, exchange.content_range,
        exchange.named_location, exchange.response.content_type, exchange.response.etag,
        exchange.response.last_modified, exchange.response.fields.begin()->name,
        exchange.response.fields.begin()->value}) {
    EXPECT_EQ(static_cast<const void*>(text.data()), moved.data());
  }
}

}  // namespace
}  // namespace colmeia::pipeline
