#include "modules/static_files.h"

#include <span>
#include <string>

#include "files/store.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/open_file.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "site/core_settings.h"

namespace colmeia::modules {
namespace {

using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using pipeline::Piece;
using site::CoreSettings;
using site::Phase;

constexpr std::string_view kMethods = "GET, HEAD";  // that a file answers

struct Settings {};
struct Draft {};

Settings Merge(const Settings&, const Draft&, site::MergeContext&) { return {}; }

// Behaviour

// Whether the client has a tag from a moment when the file had just been changed (files/file.h).
bool HasMarkedTag(const http::Fields& fields) {
  using http::HeaderId;
  for (const HeaderId id : {HeaderId::kIfNoneMatch, HeaderId::kIfMatch, HeaderId::kIfRange}) {
    if (fields.Has(id) && fields.Value(id).find(http::kEtagMark) != std::string_view::npos) return true;
  }
  return false;
}

std::string_view EtagOf(Exchange& exchange, http::EtagForm form, const files::File& file) {
  if (form == http::EtagForm::kOff) return {};
  const bool marked = HasMarkedTag(exchange.request.fields);
  if (form == http::EtagForm::kOn && !marked) return file.etag();
  char* const text = exchange.arena.Allocate(http::kEtagSize);
  return file.EtagAs(form, marked, std::span<char, http::kEtagSize>(text, http::kEtagSize));
}

Outcome SendFile(Exchange& exchange, std::string_view path, std::shared_ptr<const files::File> file) {
  const CoreSettings& core = exchange.settings<CoreSettings>();
  pipeline::Response& response = exchange.response;
  response.status = Status::kOk;
  const std::string_view type = core.types->ForPath(path);
  response.content_type = type.empty() ? std::string_view(core.default_type) : type;
  response.last_modified = file->last_modified();
  response.modified = file->modified();
  response.etag = EtagOf(exchange, core.etag, *file);
  response.accepts_ranges = true;
  response.body.Add(file->in_memory() ? Piece::Memory(file->content()) : Piece::File(file->fd(), 0, file->size()));
  response.body.Own(std::move(file));
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
