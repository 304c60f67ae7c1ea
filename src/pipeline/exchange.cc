#include "pipeline/exchange.h"

#include <cstdint>

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
  if (fd_ >= 0) {
    asked_ = sys::Address::LocalOf(fd_).value_or(sys::Address());
    fd_ = -1;
  }
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
  request.path_made = true;
  request.path_below_alias = false;
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

void Exchange::MoveHead(const char* from, std::size_t size, const char* to) {
  for (std::string_view* view : {&request.method_text, &request.line, &request.target, &request.path, &request.args,
                                 &request.host, &redirect_to}) {
    Move(*view, from, size, to);
  }
  for (http::Field& field : request.fields) {
    Move(field.name, from, size, to);
    Move(field.value, from, size, to);
  }
  for (http::Field& field : response.fields) Move(field.value, from, size, to);
  for (site::Capture& capture : captures) Move(capture.value, from, size, to);
  response.body.MoveMemory(from, size, to);
  Move(response.content_type, from, size, to);
  Move(response.etag, from, size, to);
  Move(response.last_modified, from, size, to);
}

void Exchange::DropContexts() {
  while (!contexts_.empty()) {
    const Context last = contexts_.back();
    contexts_.pop_back();
    last.destroy(last.value);
  }
}

void Exchange::Reset() {
  DropContexts();
  static_cast<PlainRequest&>(request) = {};
  request.fields.Clear();
  static_cast<PlainResponse&>(response) = {};
  response.fields.Clear();
  response.body.Clear();
  arena.Reset();
  connection = nullptr;
  server = nullptr;
  location = nullptr;
  named_location = {};
  captures.clear();
  makes_error_page = false;
  keep_error_status = false;
  error_status = http::Status::kNone;
  refusal = http::Status::kNone;
  redirect_to = {};
  allow = {};
  content_range = {};
  reroutes = 0;
  settings_ = nullptr;
}

}  // namespace colmeia::pipeline
