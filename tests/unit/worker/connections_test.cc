#include "worker/connections.h"

#include "worker/connections_fixture.h"

namespace colmeia::worker {
namespace {

using testing::HasSubstr;

class ConnectionsTest : public ConnectionsFixture {};

TEST_F(ConnectionsTest, ServesManyAtOnce) {
  std::vector<std::unique_ptr<Client>> clients;
  connections(200);
  for (int i = 0; i < 150; ++i) clients.push_back(Enter());
  for (auto& client : clients) client->Send(kGetHello);

  for (auto& client : clients) UntilAnswered(*client);

  EXPECT_EQ(connections().size(), 150u);
  EXPECT_EQ(connections().idle(), 150u);
  EXPECT_EQ(writer().Get(scoreboard::Total::kHandled), 150u);
}

TEST_F(ConnectionsTest, ClosesTheLongestIdleOneAtTheLimit) {
  connections(2);
  const auto first = Enter();
  const auto second = Enter();
  first->Send(kGetHello);
  UntilAnswered(*first);
  second->Send(kGetHello);
  UntilAnswered(*second);
  first->Send(kGetHello);
  Until([&] { return site.logged.size() == 3; });

  EXPECT_TRUE(connections().MakeRoom());

  UntilEnded(*second);
  EXPECT_FALSE(first->ended);
  EXPECT_EQ(connections().size(), 1u);
}

TEST_F(ConnectionsTest, AnswersWhatAnIdleOneHasJustSentInsteadOfDroppingIt) {
  connections(1);
  const auto client = Enter();
  client->Send(kGetHello);
  UntilAnswered(*client);
  client->Send("GET /host HTTP/1.1\r\nHost: small\r\n\r\n");

  (void)connections().MakeRoom();

  UntilEnded(*client);
  EXPECT_THAT(client->received, HasSubstr("Connection: close"));
  EXPECT_TRUE(client->received.ends_with("small"));
}

TEST_F(ConnectionsTest, HasNoRoomWhileNobodyIsIdleAndSaysWhenThereIs) {
  int told = 0;
  connections(1).on_room = [&] { ++told; };
  auto client = Enter();
  BeginRequest(*client);

  EXPECT_FALSE(connections().MakeRoom());
  EXPECT_EQ(told, 0);
  client.reset();
  Until([&] { return told == 1; });

  EXPECT_TRUE(connections().MakeRoom());
}

TEST_F(ConnectionsTest, ADroppedBodyIsClosedForANewcomer) {
  connections(1);
  const auto client = Enter();
  client->Send("POST /hello HTTP/1.1\r\nHost: small\r\nContent-Length: 100000\r\n\r\nabc");
  UntilAnswered(*client);

  EXPECT_TRUE(connections().MakeRoom());

  UntilEnded(*client);
  EXPECT_EQ(connections().size(), 0u);
}

TEST_F(ConnectionsTest, TellsWhenASilentOneHasHadItsTime) {
  site.core.client_header_timeout = 60ms;
  int told = 0;
  connections(1).on_room = [&] { ++told; };
  const auto client = Enter();
  EXPECT_FALSE(connections().MakeRoom());

  Until([&] { return told == 1; });

  EXPECT_TRUE(connections().MakeRoom());
  UntilEnded(*client);
}

TEST_F(ConnectionsTest, ClosingAllTellsThatItIsEmpty) {
  int told = 0;
  connections().on_empty = [&] { ++told; };
  const auto first = Enter();
  const auto second = Enter();
  first->Send(kGetHello);
  UntilAnswered(*first);

  connections().CloseAll();

  EXPECT_EQ(connections().size(), 0u);
  EXPECT_EQ(told, 1);
  UntilEnded(*first);
  UntilEnded(*second);
}

}  // namespace
}  // namespace colmeia::worker
