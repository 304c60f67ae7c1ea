#include "master/control_desk.h"

#include <utility>

#include <fmt/core.h>

#include "control/answer.h"
#include "control/json.h"
#include "control/routes.h"
#include "master/handover.h"

namespace colmeia::master {

ControlDesk::ControlDesk(loop::Loop& loop, ChildListener& events, Look look, Recall recall,
                         std::optional<trace::Reader> trace)
    : loop_(loop),
      events_(events),
      look_(std::move(look)),
      recall_(std::move(recall)),
      server_(loop, *this),
      trace_(std::move(trace)),
      news_(loop, [this] { LookForNews(false); }) {}

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
  return server_.Rename(path_ + std::string(resources::kOldSuffix));
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
  } else if (std::holds_alternative<control::Document>(asked)) {
    AnswerConfiguration(request.id);
  } else if (const auto* const question = std::get_if<control::TraceQuestion>(&asked)) {
    AnswerTrace(request.id, *question);
  } else if (const auto* const order = std::get_if<supervisor::Order>(&asked)) {
    events_.OnEvent(supervisor::Request{request.id, *order, request.peer_pid});
  } else {
    const auto& refusal = std::get<control::Refusal>(asked);
    const control::Answer answer = control::MakeAnswer(control::kExitConfiguration, refusal.why);
    server_.Reply(request.id, refusal.status, control::AnswerJson(answer));
  }
}

void ControlDesk::AnswerConfiguration(control::RequestId id) {
  const auto configuration =
      server_.unsent() <= kMostUnsent
          ? recall_()
          : Result<control::Configuration>(
                Fail("too many large answers wait for clients that take theirs slowly; try again later"));
  if (configuration) return server_.Reply(id, http::Status::kOk, control::ConfigurationJson(*configuration));
  const control::Answer answer = control::MakeAnswer(control::kExitResources, configuration.error().message);
  server_.Reply(id, control::StatusOf(answer), control::AnswerJson(answer));
}

void ControlDesk::AnswerTrace(control::RequestId id, const control::TraceQuestion& question) {
  if (!trace_) {
    const control::Answer answer = control::MakeAnswer(control::kExitResources, "there is no memory for a trace");
    return server_.Reply(id, control::StatusOf(answer), control::AnswerJson(answer));
  }
  if (trace_->newest() > question.after || question.wait.count() == 0) return Tell(id, question);
  if (followers_.size() >= kMostFollowers) {
    const control::Answer answer = control::MakeAnswer(
        control::kExitResources, fmt::format("{} others follow the trace already, no more may", followers_.size()));
    return server_.Reply(id, control::StatusOf(answer), control::AnswerJson(answer));
  }
  followers_.push_back({id, question, loop_.Now() + question.wait});
  news_.StartAfter(kLookEvery);
}

void ControlDesk::Tell(control::RequestId id, const control::TraceQuestion& question) {
  server_.Reply(id, http::Status::kOk, control::TraceJson(*trace_, question));
}

// Answers those for whom there is something new, and those who have waited long enough.
void ControlDesk::LookForNews(bool all) {
  std::vector<Follower> waiting = std::exchange(followers_, {});
  for (Follower& follower : waiting) {
    const bool over = all || trace_->newest() > follower.question.after || follower.until <= loop_.Now();
    if (over) {
      Tell(follower.id, follower.question);
    } else {
      followers_.push_back(follower);
    }
  }
  if (!followers_.empty()) news_.StartAfter(kLookEvery);
}

void ControlDesk::Close() {
  LookForNews(true);
  news_.Stop();
  server_.Close();
}

void ControlDesk::OnGone(control::RequestId id) {
  if (std::erase_if(followers_, [id](const Follower& follower) { return follower.id == id; }) == 0) {
    events_.OnEvent(supervisor::RequesterGone{id});
  }
}

void ControlDesk::Answer(const supervisor::Reply& reply) {
  const control::Answer answer = control::MakeAnswer(static_cast<int>(reply.outcome), reply.message);
  server_.Reply(reply.id, control::StatusOf(answer), control::AnswerJson(answer));
}

}  // namespace colmeia::master
