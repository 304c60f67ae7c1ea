#include "transport/transport.h"

#include "sys/sockets.h"

namespace colmeia::transport {

void Transport::Shutdown() {
  if (layer_ != nullptr) layer_->End(fd_.get());
  sys::FinishSending(fd_.get());
}

void Transport::Close(loop::PollPool& polls, Ending ending) {
  if (layer_ != nullptr && ending == Ending::kOrderly) layer_->End(fd_.get());
  if (ending == Ending::kReset) sys::SetResetOnClose(fd_.get());
  polls.Stop(fd_.get());
  layer_.reset();
  fd_.reset();
}

void Transport::SetNoDelay(bool on) { sys::SetNoDelay(fd_.get(), on); }

void Transport::SetUnsentLimit(int bytes) { sys::SetUnsentLimit(fd_.get(), bytes); }

sys::Address Transport::local() const { return sys::Address::LocalOf(fd_.get()).value_or(sys::Address()); }

}  // namespace colmeia::transport
