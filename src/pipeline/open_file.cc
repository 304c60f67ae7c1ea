#include "pipeline/open_file.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "pipeline/exchange.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "site/core_settings.h"

namespace colmeia::pipeline {

bool IsMissing(int error) { return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG; }

files::Lookup OpenFile(Exchange& exchange, std::string_view path, files::Want want) {
  const Services& services = *exchange.services;
  return services.files->Open(path, {.want = want,
                                     .moment = services.moment,
                                     .rules = &exchange.settings<OpenFileSettings>().rules,
                                     .now = services.now});
}

Outcome RefuseFile(Exchange& exchange, std::string_view path, int error, std::string_view call) {
  const bool missing = IsMissing(error);
  if (error == EMFILE || error == ENFILE) exchange.services->lacks_descriptors = true;
  const bool forbidden = error == EACCES || error == ELOOP;
  if (!missing || exchange.settings<site::CoreSettings>().log_not_found) {
    const log::Level level = missing || forbidden ? log::Level::kError : log::Level::kCrit;
    if (ErrorLogOf(exchange).Enabled(level)) {
      // A busy site has many of these lines: no format is read for them, and no translation looked for.
      const char* const why = strerrordesc_np(error);
      WriteReport(
          exchange, level,
          exchange.arena.Concat(call, " \"", Shown(exchange, path), "\" failed (", fmt::format_int(error).c_str(), ": ",
                                why != nullptr ? why : "Unknown error", ")"));
    }
  }
  if (missing) return Outcome::Respond(http::Status::kNotFound);
  return Outcome::Respond(forbidden ? http::Status::kForbidden : http::Status::kInternalServerError);
}

Outcome RefusePath(Exchange& exchange) {
  Report(exchange, log::Level::kError, "\"{}\" leads out of \"{}\"", exchange.request.path, DocumentRoot(exchange));
  return Outcome::Respond(http::Status::kNotFound);
}

}  // namespace colmeia::pipeline
