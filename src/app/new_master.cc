#include "app/new_master.h"

#include <utility>

#include "app/ctl.h"

namespace colmeia::app {

std::optional<control::Client> NewMaster(const control::Client& known, util::Milliseconds patience) {
  if (!known.Moved()) return std::nullopt;
  const util::TimePoint deadline = util::Now() + patience;
  auto client = control::Client::Connect(known.path(), deadline);
  if (!client || client->server_pid() == known.server_pid()) return std::nullopt;
  const auto status = FetchStatus(*client, deadline);
  if (!status || status->server.generation == 0) return std::nullopt;
  return *std::move(client);
}

}  // namespace colmeia::app
