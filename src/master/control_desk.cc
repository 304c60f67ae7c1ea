#include "master/control_desk.h"

#include <utility>

#include "control/answer.h"
#include "control/json.h"
#include "control/routes.h"
#include "master/handover.h"

namespace colmeia::master {

ControlDesk::ControlDesk(loop::Loop& loop, ChildListener& events, Look look)
    : events_(events), look_(std::move(look)), server_(loop, *this) {}

Result<> ControlDesk::Open(std::uint32_t generation, const std::string& path) {
  if (path.empty() || path == path_) return {};
  auto file = control::SocketFile::Listen(path);
  if (!file) return tl::unexpected(file.error());
  opened_[generation] = *std::move(file);
  return {};
}

void ControlDesk::Promote(std::uint32_t generation, const std::string& path) {
  if (const auto opened = opened_.find(generation); opened != opened_.end()) {
    server_.Adopt(std::move(opened->second));
    opened_.erase(opened);
  } else if (path.empty()) {
    server_.Close();
  }
  path_ = path;
}

void ControlDesk::Abandon(std::uint32_t generation) {
  const auto opened = opened_.find(generation);
  if (opened == opened_.end()) return;
  opened->second.Remove();
  opened_.erase(opened);
}

Result<> ControlDesk::PutAside() {
  if (path_.empty()) return {};
  return server_.Rename(path_ + std::string(kOldSuffix));
}

Result<> ControlDesk::TakeBack() {
  if (path_.empty()) return {};
  return server_.Rename(path_);
}

void ControlDesk::OnRequest(const control::Request& request) {
  const auto asked = control::Understand(request);
  if (const auto* const view = std::get_if<control::View>(&asked)) {
    const control::Status status = look_();
    server_.Reply(request.id, control::ViewStatus(*view, status), control::ViewJson(*view, status));
  } else if (const auto* const order = std::get_if<control::Order>(&asked)) {
    events_.OnEvent(Request{request.id, *order, request.peer_pid});
  } else {
    const auto& refusal = std::get<control::Refusal>(asked);
    const control::Answer answer = control::MakeAnswer(control::kConfiguration, refusal.why);
    server_.Reply(request.id, refusal.status, control::AnswerJson(answer));
  }
}

void ControlDesk::OnGone(control::RequestId id) { events_.OnEvent(RequesterGone{id}); }

void ControlDesk::Answer(const Reply& reply) {
  const control::Answer answer = control::MakeAnswer(static_cast<int>(reply.outcome), reply.message);
  server_.Reply(reply.id, control::StatusOf(answer), control::AnswerJson(answer));
}

}  // namespace colmeia::master
