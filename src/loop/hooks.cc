#include "loop/hooks.h"

#include <utility>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

struct BeforeSleep::Node {
  uv_prepare_t uv{};
  std::function<void()> callback;
};

void BeforeSleep::Closer::operator()(Node* node) const noexcept { CloseNode(node); }

BeforeSleep::BeforeSleep(Loop& loop, std::function<void()> callback) : node_(new Node) {
  CHECK(uv_prepare_init(loop.handle(), &node_->uv) == 0);
  node_->uv.data = node_.get();
  node_->callback = std::move(callback);
  CHECK(uv_prepare_start(&node_->uv, [](uv_prepare_t* uv) noexcept { NodeOf<Node>(uv)->callback(); }) == 0);
  uv_unref(AsHandle(&node_->uv));
}

struct AfterWake::Node {
  uv_check_t uv{};
  std::function<void()> callback;
};

void AfterWake::Closer::operator()(Node* node) const noexcept { CloseNode(node); }

AfterWake::AfterWake(Loop& loop, std::function<void()> callback) : node_(new Node) {
  CHECK(uv_check_init(loop.handle(), &node_->uv) == 0);
  node_->uv.data = node_.get();
  node_->callback = std::move(callback);
  const auto call = [](uv_check_t* uv) noexcept {
    Awake(uv->loop);
    NodeOf<Node>(uv)->callback();
  };
  CHECK(uv_check_start(&node_->uv, call) == 0);
  uv_unref(AsHandle(&node_->uv));
}

}  // namespace colmeia::loop
