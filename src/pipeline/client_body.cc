#include "pipeline/client_body.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "config/default_paths.h"
#include "config/setters.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/request_body.h"

namespace colmeia::pipeline {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using site::Phase;
using site::PlacedText;

struct TempPathDraft {
  std::string path;
  std::array<std::uint8_t, files::TempPath::kMaxLevels> levels{};
};

struct ClientBodyDraft {
  std::optional<std::uint64_t> buffer_size;
  std::optional<InFileOnly> in_file_only;
  std::optional<bool> in_single_buffer;
  std::optional<TempPathDraft> temp_path;
  std::optional<std::vector<PlacedText>> early_read;
};

// Directives

void SetTempPath(ClientBodyDraft& draft, const Call& call) {
  if (draft.temp_path) return call.Duplicate();
  TempPathDraft out;
  out.path = call.arg(0);
  while (out.path.size() > 1 && out.path.ends_with('/')) out.path.pop_back();
  std::size_t digits = 0;
  for (std::size_t i = 1; i < call.args().size(); ++i) {
    const Word& word = call.args()[i];
    const auto level = config::ReadNumber(call, word, 1, files::TempPath::kNameSize);
    if (!level) return;
    digits += static_cast<std::size_t>(*level);
    if (digits > files::TempPath::kNameSize) {
      return call.InvalidValue(word, "names have ten digits, and the levels take more");
    }
    out.levels[i - 1] = static_cast<std::uint8_t>(*level);
  }
  draft.temp_path = std::move(out);
}

void SetEarlyRead(ClientBodyDraft& draft, const Call& call) {
  if (draft.early_read) return call.Duplicate();
  draft.early_read.emplace();
  for (const Word& word : call.args()) draft.early_read->push_back({word.text, word.span});
}

constexpr In kEverywhereOfBodies = In::kHttp | In::kServer | In::kLocation;

constexpr config::EnumValue<InFileOnly> kInFileOnly[] = {
    {"off", InFileOnly::kOff}, {"on", InFileOnly::kOn}, {"clean", InFileOnly::kClean}};

constexpr Directive kClientBodyDirectives[] = {
    {.name = "client_body_buffer_size",
     .contexts = kEverywhereOfBodies,
     .arity = Args(1),
     .setter = config::SetSize<&ClientBodyDraft::buffer_size, 1, std::uint64_t{1} << 40>,
     .syntax = "size",
     .default_value = "8k",
     .doc = "How much of a request's body is collected in memory; a longer one goes to a temporary file. Two pages of "
            "memory unless it is said; a quarter more when Content-Length tells so. On its way to the file up to "
            "128k lie in memory."},
    {.name = "client_body_in_file_only",
     .contexts = kEverywhereOfBodies,
     .arity = Args(1),
     .setter = config::SetEnum<&ClientBodyDraft::in_file_only, kInFileOnly>,
     .syntax = "on | clean | off",
     .default_value = "off",
     .doc = "Collect the body of each request that is granted access in a file with a name: with on it stays, with "
            "clean it is removed when the request is over. The file of a body that did not come to its end is always "
            "removed. colmeia reads bodies for it, even where nothing else would."},
    {.name = "client_body_in_single_buffer",
     .contexts = kEverywhereOfBodies,
     .arity = config::Flag,
     .setter = config::SetFlag<&ClientBodyDraft::in_single_buffer>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "A body in memory always lies in a single buffer, whatever this says."},
    {.name = "client_body_temp_path",
     .contexts = kEverywhereOfBodies,
     .arity = Args(1, 4),
     .setter = config::Set<&SetTempPath>,
     .syntax = "path [level1 [level2 [level3]]]",
     .default_value = config::kDefaultClientBodyTemp,
     .doc = "The folder for bodies that are collected in files, and how many of a name's last digits make the names of "
            "up to three levels of folders in it. It is made at the start where a body may be collected, for the user "
            "of workers alone. Files without a name (O_TMPFILE) lie in no such level."},
    {.name = "client_body_early_read",
     .contexts = In::kHttp | In::kServer,
     .arity = config::AtLeast(1),
     .setter = config::Set<&SetEarlyRead>,
     .syntax = "string ...",
     .default_value = "",
     .doc = "Collect the body before anything else is done with a request, when at least one of the strings is neither "
            "empty nor 0."},
};

// Merge

ClientBodySettings MergeClientBody(const ClientBodySettings& outer, const ClientBodyDraft& own,
                                   site::MergeContext& context) {
  ClientBodySettings out = outer;
  if (own.buffer_size) out.buffer_size = *own.buffer_size;
  if (out.buffer_size == 0) out.buffer_size = 2 * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  if (own.in_file_only) out.in_file_only = *own.in_file_only;
  if (own.temp_path) {
    out.temp_path = {.path = context.FromPrefix(own.temp_path->path), .levels = own.temp_path->levels};
  } else if (out.temp_path.path.empty()) {
    out.temp_path.path = context.FromPrefix(config::kDefaultClientBodyTemp);
  }
  if (own.early_read) {
    out.early_read.clear();
    for (const PlacedText& text : *own.early_read) out.early_read.push_back(context.Compile(text));
  }
  return out;
}

// Behaviour

Outcome PassOn(Exchange&) { return Outcome::Pass(); }

Outcome CollectEarly(Exchange& exchange) {
  const auto& strings = exchange.settings<ClientBodySettings>().early_read;
  const bool wanted = std::any_of(strings.begin(), strings.end(), [&](const site::Template& text) {
    const std::string_view value = Evaluate(text, exchange);
    return !value.empty() && value != "0";
  });
  return wanted ? CollectBody(exchange, PassOn) : Outcome::Pass();
}

Outcome CollectHere(Exchange& exchange) { return CollectBody(exchange, PassOn); }

bool ReadsEarly(const site::SettingsSet& settings) { return !settings.Get<ClientBodySettings>().early_read.empty(); }

constexpr site::PhaseHook kClientBodyPhases[] = {{Phase::kServerRewrite, CollectEarly, ReadsEarly},
                                                 {Phase::kPrecontent, CollectHere, CollectsBody}};

// Variables

std::optional<std::string_view> BodyText(Exchange& exchange, std::string_view) {
  const std::optional<Piece> content = exchange.main().body.content();
  if (!content || !content->in_memory() || content->memory.empty()) return std::nullopt;
  return content->memory;
}

std::optional<std::string_view> BodyFile(Exchange& exchange, std::string_view) {
  const files::TempFile* const file = exchange.main().body.file();
  if (file == nullptr || file->name().empty()) return std::nullopt;
  return file->name();
}

constexpr site::Variable kClientBodyVariables[] = {
    {.name = "request_body",
     .get = BodyText,
     .doc = "The body of the request, when it was collected and lies in memory (client_body_buffer_size). Where a "
            "directive names this variable, in a place or around it, bodies are collected there: by return, and else "
            "once access is granted.",
     .needs_body = true},
    {.name = "request_body_file",
     .get = BodyFile,
     .doc = "The file that the body of the request was collected in, when it has a name: with "
            "client_body_in_file_only. Naming it collects bodies as $request_body does.",
     .needs_body = true},
};

}  // namespace

// Export

const site::Module kClientBody = site::DefineModule<ClientBodySettings, ClientBodyDraft, MergeClientBody>(
    "client_body", kClientBodyDirectives, {.phases = kClientBodyPhases, .variables = kClientBodyVariables},
    site::Inherit::kAlways);

bool CollectsBody(const site::SettingsSet& settings) {
  return settings.needs_body() || settings.Get<ClientBodySettings>().in_file_only != InFileOnly::kOff;
}

bool MayCollectBody(const site::SettingsSet& settings) { return CollectsBody(settings) || ReadsEarly(settings); }

Outcome WithBody(Exchange& exchange, site::Handler then) {
  return exchange.collects_body() ? CollectBody(exchange, then) : then(exchange);
}

}  // namespace colmeia::pipeline
