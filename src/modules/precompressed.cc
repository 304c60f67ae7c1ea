#include "modules/precompressed.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "config/setters.h"
#include "files/store.h"
#include "http/accept_encoding.h"
#include "pipeline/content_coding.h"
#include "pipeline/exchange.h"
#include "pipeline/file_response.h"
#include "pipeline/open_file.h"
#include "pipeline/path.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "site/core_settings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Directive;
using config::In;
using http::Coding;
using pipeline::Exchange;
using pipeline::Outcome;

enum class Mode {
  kOff,
  kOn,      // for clients that take the coding
  kAlways,  // for all: gunzip unpacks it, or the plain file is not there
};

struct Settings {
  Mode gzip = Mode::kOff;
  Mode brotli = Mode::kOff;
  Mode zstd = Mode::kOff;
};

struct Draft {
  std::optional<Mode> gzip;
  std::optional<Mode> brotli;
  std::optional<Mode> zstd;
};

// Directives

constexpr config::EnumValue<Mode> kModes[] = {{"off", Mode::kOff}, {"on", Mode::kOn}, {"always", Mode::kAlways}};

constexpr Directive Static(std::string_view name, config::Setter setter, std::string_view doc) {
  return {.name = name,
          .contexts = In::kHttp | In::kServer | In::kLocation,
          .arity = Args(1),
          .setter = setter,
          .syntax = "on | off | always",
          .default_value = "off",
          .doc = doc};
}

constexpr Directive kDirectives[] = {
    Static("gzip_static", config::SetEnum<&Draft::gzip, kModes>,
           "Send the file with .gz behind its name to clients that take gzip, or to all."),
    Static("brotli_static", config::SetEnum<&Draft::brotli, kModes>,
           "The same of .br, as nginx does with the module ngx_brotli."),
    Static("zstd_static", config::SetEnum<&Draft::zstd, kModes>,
           "The same of .zst, as nginx does with the module zstd-nginx-module."),
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  return {.gzip = own.gzip.value_or(outer.gzip),
          .brotli = own.brotli.value_or(outer.brotli),
          .zstd = own.zstd.value_or(outer.zstd)};
}

// Behaviour

struct Offer {
  Coding coding;
  Mode Settings::*mode;
  std::string_view suffix;
  int weight = -1;  // negative: this client does not get it
};

// What the client likes best comes first; of equals, what is smallest as a rule.
using Offers = std::array<Offer, 3>;
Offers OffersFor(Exchange& exchange, const Settings& settings) {
  Offers offers{{{Coding::kBrotli, &Settings::brotli, ".br"},
                 {Coding::kZstd, &Settings::zstd, ".zst"},
                 {Coding::kGzip, &Settings::gzip, ".gz"}}};
  const http::AcceptedCodings accepted = pipeline::CodingsTaken(exchange);
  for (Offer& offer : offers) {
    const Mode mode = settings.*offer.mode;
    if (mode == Mode::kOff) continue;
    const bool taken =
        accepted.Accepts(offer.coding) && (offer.coding != Coding::kGzip || pipeline::MayUseGzip(exchange));
    if (taken || mode == Mode::kAlways) offer.weight = taken ? accepted.WeightOf(offer.coding) : 0;
  }
  std::stable_sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) { return a.weight > b.weight; });
  return offers;
}

void ReportFailure(Exchange& exchange, std::string_view path, int error) {
  const bool forbidden = error == EACCES || error == ELOOP;
  if (error == EMFILE || error == ENFILE) exchange.services->lacks_descriptors = true;
  pipeline::Report(exchange, forbidden ? log::Level::kError : log::Level::kCrit, "open() \"{}\" failed ({}: {})", path,
                   error, std::strerror(error));
}

Outcome Handle(Exchange& exchange) {
  const Settings& settings = exchange.settings<Settings>();
  if (!http::IsGetOrHead(exchange.request.method) || exchange.request.path.ends_with('/')) return Outcome::Pass();
  const bool says_vary = pipeline::SaysVary(exchange);
  for (const Offer& offer : OffersFor(exchange, settings)) {
    const Mode mode = settings.*offer.mode;
    // What is not for this client is of interest only because others would get it.
    if (mode == Mode::kOff || (offer.weight < 0 && !says_vary)) continue;
    const pipeline::FileName path = pipeline::MapInFolder(exchange, offer.suffix);
    if (!path) return Outcome::Pass();  // static_files says so
    files::Lookup found =
        pipeline::OpenFile(exchange, *path, offer.weight < 0 ? files::Want::kFacts : files::Want::kContent);
    if (!found) {
      if (!pipeline::IsMissing(found.error)) ReportFailure(exchange, *path, found.error);
      continue;
    }
    if (mode == Mode::kOn) pipeline::VariesByCoding(exchange);
    if (offer.weight < 0 || found.file->kind() == files::Kind::kDirectory) continue;
    if (found.file->kind() != files::Kind::kRegular) {
      pipeline::Report(exchange, log::Level::kCrit, "\"{}\" is not a regular file", *path);
      return Outcome::Respond(http::Status::kNotFound);
    }
    const site::CoreSettings& core = exchange.settings<site::CoreSettings>();
    const std::string_view type = core.types->ForPath(exchange.request.path);
    pipeline::Response& response = exchange.response;
    pipeline::RespondWithFile(exchange, std::move(found.file));
    response.content_type = type.empty() ? std::string_view(core.default_type) : type;
    response.fields.Set(http::HeaderId::kContentEncoding, http::CodingName(offer.coding));
    response.accepts_ranges = false;  // as nginx has it
    return Outcome::Done();
  }
  return Outcome::Pass();
}

bool Applies(const site::SettingsSet& set) {
  const Settings& settings = set.Get<Settings>();
  return settings.gzip != Mode::kOff || settings.brotli != Mode::kOff || settings.zstd != Mode::kOff;
}

constexpr site::PhaseHook kPhases[] = {{site::Phase::kContent, Handle, Applies}};

}  // namespace

// Export

const site::Module kPrecompressed =
    site::DefineModule<Settings, Draft, Merge>("precompressed", kDirectives, {.phases = kPhases});

}  // namespace colmeia::modules
