#include "worker/acceptor.h"

#include "worker/exclusive_acceptor.h"
#include "worker/handoff_acceptor.h"
#include "worker/mutex_acceptor.h"
#include "worker/shared_acceptor.h"

namespace colmeia::worker {
namespace {

template <class Kind>
std::unique_ptr<Acceptor> Make(const AcceptorParts& parts) {
  return std::make_unique<Kind>(parts);
}

struct Row {
  ipc::AcceptBy way;
  std::unique_ptr<Acceptor> (*make)(const AcceptorParts& parts);
};

constexpr Row kWays[] = {
    {ipc::AcceptBy::kExclusive, &Make<ExclusiveAcceptor>},
    {ipc::AcceptBy::kShared, &Make<SharedAcceptor>},
    // What is left to share are the sockets that cannot be cloned: those of the Unix domain.
    {ipc::AcceptBy::kReuseport, &Make<ExclusiveAcceptor>},
    {ipc::AcceptBy::kMutex, &Make<MutexAcceptor>},
    {ipc::AcceptBy::kHandoff, &Make<HandoffAcceptor>},
};

}  // namespace

std::unique_ptr<Acceptor> MakeAcceptor(const AcceptorParts& parts) {
  // Without a master there is one process, which has nobody to share with.
  const ipc::AcceptBy wanted = parts.board != nullptr ? parts.options.accept_by : ipc::AcceptBy::kExclusive;
  for (const Row& row : kWays) {
    if (row.way == wanted) return row.make(parts);
  }
  return Make<ExclusiveAcceptor>(parts);
}

}  // namespace colmeia::worker
