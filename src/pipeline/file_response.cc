#include "pipeline/file_response.h"

#include <span>
#include <string_view>
#include <utility>

#include "pipeline/aio.h"
#include "pipeline/exchange.h"
#include "site/core_settings.h"

namespace colmeia::pipeline {
namespace {

// Whether the client has a tag from a moment when the file had just been changed (files/file.h).
bool HasMarkedTag(const http::Fields& fields) {
  using http::HeaderId;
  if (!fields.HasAny(HeaderId::kIfNoneMatch, HeaderId::kIfMatch, HeaderId::kIfRange)) return false;
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

}  // namespace

void RespondWithFile(Exchange& exchange, std::shared_ptr<const files::File> file) {
  Response& response = exchange.response;
  response.status = http::Status::kOk;
  response.last_modified = file->last_modified();
  response.modified = file->modified();
  response.etag = EtagOf(exchange, exchange.settings<site::CoreSettings>().etag, *file);
  response.accepts_ranges = true;
  response.body.Add(file->in_memory() ? Piece::Memory(file->content()) : Piece::File(file->fd(), 0, file->size()));
  if (!file->in_memory()) ReadByThreads(exchange);
  response.body.OwnFile(std::move(file));
}

}  // namespace colmeia::pipeline
