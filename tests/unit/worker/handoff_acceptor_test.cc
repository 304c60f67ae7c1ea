#include "worker/handoff_acceptor.h"

#include <functional>
#include <memory>

#include "worker/acceptor_fixture.h"

namespace colmeia::worker {
namespace {

using ipc::AcceptBy;
using scoreboard::Total;

class HandoffAcceptorTest : public AcceptorFixture {
 protected:
  // As the master would: accepts, and hands on.
  std::unique_ptr<Client> Hand(std::function<void()> taken = [] {}) {
    auto client = Connect();
    sys::Accepted accepted;
    Until([&] { return (accepted = sys::Accept(listen_fd())).status == sys::AcceptStatus::kAccepted; });
    EXPECT_TRUE(acceptor_->Take({site.listener(), std::move(accepted.fd), accepted.peer, std::move(taken)}));
    return client;
  }
  void MakeHandoff() {
    acceptor_ = MakeAcceptor({loop,
                              connections(),
                              writer(),
                              &board_,
                              log_,
                              Clock(),
                              {.accept_by = AcceptBy::kHandoff, .generation = 1, .slot = kSlot}});
    connections().on_room = [this] { acceptor_->OnRoom(); };
  }
};

TEST_F(HandoffAcceptorTest, ServesWhomTheMasterSends) {
  MakeHandoff();
  bool taken = false;
  const auto client = Hand([&] { taken = true; });
  EXPECT_TRUE(taken);
  client->Send(kGetHello);

  UntilAnswered(*client);

  EXPECT_EQ(writer().Get(Total::kAccepts), 1u);
}

TEST_F(HandoffAcceptorTest, SaysThatItTookAClientOnlyWhenThereIsRoom) {
  connections(1);
  MakeHandoff();
  auto first = Hand();
  BeginRequest(*first);
  bool taken = false;
  const auto second = Hand([&] { taken = true; });
  second->Send(kGetHello);
  EXPECT_FALSE(taken);

  first.reset();
  UntilAnswered(*second);

  EXPECT_TRUE(taken);
}

TEST_F(HandoffAcceptorTest, ServesWhoWasSentBeforeItWasStopped) {
  connections(1);
  MakeHandoff();
  auto first = Hand();
  BeginRequest(*first);
  const auto second = Hand();
  second->Send(kGetHello);

  acceptor_->Stop();
  first.reset();

  UntilAnswered(*second);
}

}  // namespace
}  // namespace colmeia::worker
