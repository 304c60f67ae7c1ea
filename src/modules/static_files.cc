#include "modules/static_files.h"

#include <memory>
#include <string_view>
#include <utility>

#include "files/store.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/file_response.h"
#include "pipeline/open_file.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "site/core_settings.h"

namespace colmeia::modules {
namespace {

using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using site::CoreSettings;
using site::Phase;

constexpr std::string_view kMethods = "GET, HEAD";  // that a file answers

struct Settings {};
struct Draft {};

Settings Merge(const Settings&, const Draft&, site::MergeContext&) { return {}; }

// Behaviour

Outcome SendFile(Exchange& exchange, std::string_view path, std::shared_ptr<const files::File> file) {
  const CoreSettings& core = exchange.settings<CoreSettings>();
  const std::string_view type = core.types->ForPath(path);
  exchange.response.content_type = type.empty() ? std::string_view(core.default_type) : type;
  RespondWithFile(exchange, std::move(file));
  return Outcome::Done();
}

Outcome Handle(Exchange& exchange) {
  // As in nginx a POST learns first what there is: what is missing may have a page that answers it.
  const bool reads = http::IsGetOrHead(exchange.request.method);
  if (!reads && exchange.request.method != http::Method::kPost) return pipeline::RefuseMethod(exchange, kMethods);
  const pipeline::FileName path = pipeline::MapPath(exchange);
  if (!path) return pipeline::RefusePath(exchange);
  if (exchange.request.path.ends_with('/')) {
    pipeline::Report(exchange, log::Level::kError, "directory index of \"{}\" is forbidden", *path);
    return Outcome::Respond(Status::kForbidden);
  }
  files::Lookup found = pipeline::OpenFile(exchange, *path, files::Want::kContent);
  if (!found) return pipeline::RefuseFile(exchange, *path, found.error);
  switch (found.file->kind()) {
    case files::Kind::kRegular:
      if (!reads) return pipeline::RefuseMethod(exchange, kMethods);
      return SendFile(exchange, exchange.request.path, std::move(found.file));
    case files::Kind::kDirectory:
      return pipeline::RedirectToSlash(exchange);
    case files::Kind::kOther:
      break;
  }
  pipeline::Report(exchange, log::Level::kCrit, "\"{}\" is not a regular file", *path);
  return Outcome::Respond(Status::kNotFound);
}

constexpr site::PhaseHook kPhases[] = {{Phase::kContent, Handle, nullptr}};

}  // namespace

// Export

const site::Module kStaticFiles = site::DefineModule<Settings, Draft, Merge>("static_files", {}, {.phases = kPhases});

}  // namespace colmeia::modules
