#include "pipeline/exchange.h"

#include <cstdint>
#include <utility>

#include "pipeline/child.h"
#include "site/site.h"
#include "transport/transport.h"
#include "util/check.h"

namespace colmeia::pipeline {
namespace {

// Moves a view by the distance from `from` to `to`, if it points into the block that moved.
void Move(std::string_view& view, const char* from, std::size_t size, const char* to) {
  const auto at = reinterpret_cast<std::uintptr_t>(view.data());
  const auto begin = reinterpret_cast<std::uintptr_t>(from);
  if (view.data() != nullptr && at >= begin && at <= begin + size) view = {to + (at - begin), view.size()};
}

}  // namespace

const sys::Address& LocalAddress::Ask() const {
  if (transport_ != nullptr) asked_ = std::exchange(transport_, nullptr)->local();
  return asked_;
}

void Response::Drop() {
  const bool closes = close;
  static_cast<PlainResponse&>(*this) = {};
  close = closes;
  fields.Clear();
  body.Clear();
}

void Response::DropValidators() {
  last_modified = {};
  modified.reset();
  etag = {};
  accepts_ranges = false;
}

void Exchange::SetPath(std::string_view path, std::string_view args) {
  request.path = arena.Copy(path);
  request.args = arena.Copy(args);
  path_made = true;
  path_below_alias = false;
  named_location = {};
}

void Exchange::GoTo(std::string_view target) {
  if (target.starts_with('@')) {
    named_location = target;
    return;
  }
  const std::size_t question = target.find('?');
  SetPath(target.substr(0, question),
          question == std::string_view::npos ? std::string_view{} : target.substr(question + 1));
}

void Exchange::Enter(const site::Location& entered) {
  location = &entered;
  settings_ = &entered.settings;
}

void Exchange::MoveHead(const char* from, std::size_t size, const char* to) {
  const auto move = [&](std::string_view& text) { Move(text, from, size, to); };
  ForEachText(move);
  request.ForEachText(move);
  response.ForEachText(move);
  values.ForEachText(move);
  response.body.MoveMemory(from, size, to);
  for (ChildExchange* child = children_; child != nullptr; child = child->next()) {
    child->exchange().MoveHead(from, size, to);
  }
}

void Exchange::DropContexts() {
  while (!contexts_.empty()) {
    const Context last = contexts_.back();
    contexts_.pop_back();
    last.destroy(last.value);
  }
}

void Exchange::Reset() {
  awaiting_.reset();
  DropContexts();
  static_cast<PlainExchange&>(*this) = {};
  request.Clear();
  body.Clear();
  static_cast<PlainResponse&>(response) = {};
  response.fields.Clear();
  response.body.Clear();
  arena.Reset();
  values.Clear();
  settings_ = nullptr;
  CHECK(children_ == nullptr);  // what waited, was kept or was sent had them
  parent_ = nullptr;
  depth_ = 0;
  children_made_ = 0;
}

}  // namespace colmeia::pipeline
