#include "modules/compression.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "coding/coder.h"
#include "config/setters.h"
#include "pipeline/coded_body.h"
#include "pipeline/content_coding.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "pipeline/variant_cache.h"
#include "site/media_types.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using http::Coding;
using http::HeaderId;
using http::Status;
using pipeline::Exchange;
using site::MediaTypes;

// More than a body has, for what a coding adds to it.
constexpr std::size_t kMargin = 4 * 1024;

// What holds for one coding.
struct Rules {
  bool on = false;
  int level = 1;
  std::uint64_t min_length = 20;
  std::size_t room = pipeline::kUsualBuffers;  // of the output that waits for a client
  std::uint64_t window = 512 * 1024;           // of brotli
  MediaTypes types{};
};

struct Settings {
  Rules gzip;
  Rules brotli{.level = 6};
  std::size_t cache = 4 * 1024 * 1024;  // 0: none
};

struct Draft {
  std::optional<bool> gzip;
  std::optional<int> gzip_level;
  std::optional<std::uint64_t> gzip_min_length;
  std::optional<std::size_t> gzip_room;
  std::optional<MediaTypes> gzip_types;
  std::optional<std::size_t> cache;
  std::optional<bool> brotli;
  std::optional<int> brotli_level;
  std::optional<std::uint64_t> brotli_min_length;
  std::optional<std::uint64_t> brotli_window;
  std::optional<MediaTypes> brotli_types;
};

// Directives

void SetGzipTypes(Draft& draft, const Call& call) { MediaTypes::Add(draft.gzip_types, call); }
void SetBrotliTypes(Draft& draft, const Call& call) { MediaTypes::Add(draft.brotli_types, call); }

void SetBuffers(Draft& draft, const Call& call) {
  if (draft.gzip_room) return call.Duplicate();
  draft.gzip_room = pipeline::ReadBuffers(call);
}

constexpr In kPlaces = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "gzip",
     .contexts = kPlaces | In::kLocationIf,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::gzip>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Compress responses with gzip for clients that take it."},
    {.name = "gzip_types",
     .contexts = kPlaces,
     .arity = config::AtLeast(1),
     .setter = config::Set<&SetGzipTypes>,
     .syntax = "mime-type ...",
     .default_value = "text/html",
     .doc = "Media types beside text/html whose responses are compressed; * stands for all."},
    {.name = "gzip_min_length",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetSize<&Draft::gzip_min_length>,
     .syntax = "length",
     .default_value = "20",
     .doc = "Responses that are known to be shorter are left as they are."},
    {.name = "gzip_comp_level",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::gzip_level, 1, 9>,
     .syntax = "level",
     .default_value = "1",
     .doc = "From 1, the fastest, to 9, the smallest."},
    {.name = "gzip_buffers",
     .contexts = kPlaces,
     .arity = Args(2),
     .setter = config::Set<&SetBuffers>,
     .syntax = "number size",
     .default_value = "32 4k",
     .doc = "How much may be compressed before the client takes it: number times size, and 64k at the most."},
    {.name = "gzip_cache",
     .contexts = In::kHttp,
     .arity = Args(1),
     .setter = config::SetSize<&Draft::cache>,
     .syntax = "size",
     .default_value = "4m",
     .doc =
         "Memory of each worker for compressed files (gzip and brotli), kept from the second request on; 0 for none.",
     .own = true},
    {.name = "brotli",
     .contexts = kPlaces | In::kLocationIf,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::brotli>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Compress responses with brotli for clients that take it, as nginx does with the module ngx_brotli."},
    {.name = "brotli_types",
     .contexts = kPlaces,
     .arity = config::AtLeast(1),
     .setter = config::Set<&SetBrotliTypes>,
     .syntax = "mime-type ...",
     .default_value = "text/html",
     .doc = "Media types beside text/html whose responses are compressed with brotli; * stands for all."},
    {.name = "brotli_min_length",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetSize<&Draft::brotli_min_length>,
     .syntax = "length",
     .default_value = "20",
     .doc = "Responses that are known to be shorter are left as they are."},
    {.name = "brotli_comp_level",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::brotli_level, 0, 11>,
     .syntax = "level",
     .default_value = "6",
     .doc = "From 0, the fastest, to 11, the smallest."},
    {.name = "brotli_window",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetSize<&Draft::brotli_window, 1024, 16 * 1024 * 1024>,
     .syntax = "size",
     .default_value = "512k",
     .doc =
         "How far back brotli looks for what comes again, from 1k to 16m; each response that is sent needs as much."},
    {.name = "brotli_buffers",
     .contexts = kPlaces,
     .arity = Args(2),
     .setter = config::SetIgnored,
     .syntax = "number size",
     .default_value = "",
     .doc = "Accepted without effect, as in the module ngx_brotli."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  Settings out = outer;
  out.gzip.on = own.gzip.value_or(outer.gzip.on);
  out.gzip.level = own.gzip_level.value_or(outer.gzip.level);
  out.gzip.min_length = own.gzip_min_length.value_or(outer.gzip.min_length);
  out.gzip.room = own.gzip_room.value_or(outer.gzip.room);
  if (own.gzip_types) out.gzip.types = *own.gzip_types;
  out.brotli.on = own.brotli.value_or(outer.brotli.on);
  out.brotli.level = own.brotli_level.value_or(outer.brotli.level);
  out.brotli.min_length = own.brotli_min_length.value_or(outer.brotli.min_length);
  out.brotli.window = own.brotli_window.value_or(outer.brotli.window);
  if (own.brotli_types) out.brotli.types = *own.brotli_types;
  out.cache = own.cache.value_or(outer.cache);
  return out;
}

// Behaviour

bool Suits(const pipeline::Response& response, const Rules& rules, std::optional<std::uint64_t> length) {
  return rules.on && length.value_or(UINT64_MAX) >= rules.min_length && rules.types.HasTypeOf(response.content_type);
}

// The client's favourite among those that suit the response; brotli, if it likes them equally.
std::optional<Coding> Choose(Exchange& exchange, bool gzip, bool brotli) {
  const http::AcceptedCodings accepted(exchange.request.fields);
  gzip = gzip && accepted.Accepts(Coding::kGzip);
  brotli = brotli && accepted.Accepts(Coding::kBrotli);
  const bool rather_brotli = accepted.WeightOf(Coding::kBrotli) >= accepted.WeightOf(Coding::kGzip);
  if (brotli && (!gzip || rather_brotli)) return Coding::kBrotli;
  if (gzip && pipeline::MayUseGzip(exchange)) return Coding::kGzip;
  return brotli ? std::optional(Coding::kBrotli) : std::nullopt;
}

std::unique_ptr<coding::Coder> MakeCoder(Coding coding, int level, std::uint64_t window,
                                         std::optional<std::uint64_t> length) {
  if (coding == Coding::kGzip) return coding::MakeGzipEncoder({.level = level, .length = length});
  return coding::MakeBrotliEncoder({.level = level, .window = window, .length = length});
}

// Of an exchange whose response was compressed by gzip, once all of it was.
struct Ratio {
  std::uint64_t in = 0;   // bytes
  std::uint64_t out = 0;  // 0: nothing was compressed
};

void NoteRatio(Exchange& exchange, std::uint64_t in, std::uint64_t out) { exchange.context<Ratio>() = {in, out}; }

// What a response points into: the date and the tag are the file's.
struct KeptVariant {
  std::shared_ptr<const files::File> file;
  pipeline::VariantCache::Variant variant;
};

// The body is a variant that is kept.
bool TakeVariant(Exchange& exchange, Coding coding, const Rules& rules, std::size_t limit) {
  pipeline::Response& response = exchange.response;
  pipeline::VariantCache* const cache = exchange.services->variants;
  const std::shared_ptr<const files::File> file = response.body.file();
  if (cache == nullptr || file == nullptr) return false;
  const int level = rules.level;
  const std::uint64_t window = rules.window;
  const pipeline::VariantCache::Recipe recipe{
      .coding = coding, .level = level, .make = [coding, level, window](std::uint64_t length) {
        return MakeCoder(coding, level, window, length);
      }};
  const pipeline::VariantCache::Variant variant = cache->Get(file, recipe, limit, exchange.request.head_only);
  if (variant == nullptr) return false;
  response.body.Clear();
  response.body.Add(pipeline::Piece::Memory(*variant));
  response.body.Own(std::make_shared<const KeptVariant>(KeptVariant{file, variant}));
  if (coding == Coding::kGzip) NoteRatio(exchange, file->size(), variant->size());
  return true;
}

void Filter(Exchange& exchange) {
  pipeline::Response& response = exchange.response;
  const Status status = response.status;
  if (status != Status::kOk && status != Status::kForbidden && status != Status::kNotFound) return;
  if (!response.fields.Value(HeaderId::kContentEncoding).empty()) return;
  const Settings& settings = exchange.settings<Settings>();
  const std::optional<std::uint64_t> length = response.body.KnownLength();
  const bool gzip = Suits(response, settings.gzip, length);
  const bool brotli = Suits(response, settings.brotli, length);
  if (!gzip && !brotli) return;
  pipeline::VariesByCoding(exchange);
  const std::optional<Coding> choice = Choose(exchange, gzip, brotli);
  if (!choice) return;

  const Coding coding = *choice;
  const Rules& rules = coding == Coding::kGzip ? settings.gzip : settings.brotli;
  response.fields.Set(HeaderId::kContentEncoding, http::CodingName(coding));
  pipeline::WeakenValidators(exchange);
  if (TakeVariant(exchange, coding, rules, settings.cache)) return;
  const auto make = [coding, level = rules.level, window = rules.window, length] {
    return MakeCoder(coding, level, window, length);
  };
  const std::size_t room =
      static_cast<std::size_t>(std::min<std::uint64_t>(rules.room, length.value_or(rules.room) + kMargin));
  response.body.Wrap<pipeline::CodedBody>(exchange, make, coding == Coding::kGzip ? "deflate()" : "brotli", room,
                                          coding == Coding::kGzip ? NoteRatio : nullptr);
}

bool Applies(const site::SettingsSet& settings) {
  return settings.Get<Settings>().gzip.on || settings.Get<Settings>().brotli.on;
}

// As nginx writes it: two digits, rounded.
std::optional<std::string_view> GzipRatio(Exchange& exchange, std::string_view) {
  const Ratio& ratio = exchange.context<Ratio>();
  if (ratio.out == 0) return std::nullopt;
  const std::uint64_t hundredths = (ratio.in * 1000 / ratio.out + 5) / 10;
  return exchange.arena.Copy(fmt::format("{}.{:02}", hundredths / 100, hundredths % 100));
}

constexpr site::Variable kVariables[] = {
    {"gzip_ratio", false, GzipRatio, "How many times larger the response was before gzip; nothing without."},
};

}  // namespace

// Export

const site::Module kCompression = site::DefineModule<Settings, Draft, Merge>(
    "compression", kDirectives, {.filter = Filter, .filter_applies = Applies, .variables = kVariables});

}  // namespace colmeia::modules
