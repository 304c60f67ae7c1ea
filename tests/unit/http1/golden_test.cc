// Tells the stories of tests/golden/exchanges (http1/stories.h), each whole and byte by byte.
#include "http1/fixture.h"
#include "http1/stories.h"

namespace colmeia::http1 {
namespace {

class ExchangesTest : public ConnectionFixture, public testing::WithParamInterface<Story> {
 protected:
  std::string Tell(bool byte_by_byte) {
    const auto [bytes, ends] = ToBytes(GetParam().says);
    site.core.client_max_body_size = 10;
    site.core.keepalive_requests = 3;
    Open();
    if (byte_by_byte) {
      for (const char c : bytes) {
        if (::send(client->fd(), &c, 1, MSG_NOSIGNAL) != 1) break;
        Turn(1);
        client->Take();
      }
    } else {
      client->Send(bytes);
    }
    if (ends) client->FinishSending();
    Turn(5);
    while (client->Take() > 0) Turn(1);
    return ToPage(client->received, client->ended);
  }
};

TEST_P(ExchangesTest, SaidWhole) { EXPECT_EQ(Tell(false), GetParam().hears); }
TEST_P(ExchangesTest, SaidByteByByte) { EXPECT_EQ(Tell(true), GetParam().hears); }

INSTANTIATE_TEST_SUITE_P(Golden, ExchangesTest, testing::ValuesIn(AllStories()),
                         [](const auto& test) { return test.param.Name(); });

}  // namespace
}  // namespace colmeia::http1
