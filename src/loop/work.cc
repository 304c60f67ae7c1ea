#include "loop/work.h"

#include <utility>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

struct Work::Node {
  uv_work_t uv{};
  std::function<void()> function;
  std::function<void()> done;
  Work* owner = nullptr;  // null once nobody wants to hear of the end
};

Work::Work(Loop& loop, std::function<void()> function, std::function<void()> done) : node_(new Node) {
  node_->uv.data = node_;
  node_->function = std::move(function);
  node_->done = std::move(done);
  node_->owner = this;
  const auto run = [](uv_work_t* uv) noexcept { static_cast<Node*>(uv->data)->function(); };
  const auto end = [](uv_work_t* uv, int) noexcept {
    Awake(uv->loop);
    auto* const node = static_cast<Node*>(uv->data);
    Work* const owner = node->owner;
    const std::function<void()> call = std::move(node->done);
    delete node;
    if (owner == nullptr) return;
    owner->node_ = nullptr;
    call();
  };
  const bool was_queued = uv_queue_work(loop.handle(), &node_->uv, run, end) == 0;
  CHECK(was_queued);
}

Work::~Work() {
  if (node_ == nullptr) return;
  node_->owner = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&node_->uv));  // fails when it runs already: then it ends by itself
}

}  // namespace colmeia::loop
