#include "sample_modules.h"

namespace colmeia::config {

namespace {

constexpr EnumValue<Tokens> kTokens[] = {{"on", Tokens::kOn}, {"off", Tokens::kOff}, {"build", Tokens::kBuild}};

// listen: any number of times, at most one address and the word default_server.
void SetListen(SiteDraft& draft, const Call& call) {
  for (const Word& word : call.args().subspan(1)) {
    if (word.text != "default_server") return call.Error(word, "invalid parameter " + Quoted(word.text));
  }
  if (call.arg(0) == "80") call.Warn(call.args()[0], "port 80 needs root");
  draft.listen.push_back(call.arg(0));
}

void AddNames(SiteDraft& draft, const Call& call) {
  for (const Word& word : call.args()) draft.names.push_back(word.text);
}

// types { type extension...; }: its children are no directives.
void SetTypes(SiteDraft& draft, const Call& call) {
  for (const Node& node : call.children()) {
    if (node.block) call.Error(node.name(), "unexpected block in \"types\"");
    for (const Word& word : node.args()) draft.types.push_back(word.text + "=" + node.name().text);
  }
}

constexpr In kSiteBlocks = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kProcessRows[] = {
    {"daemon", In::kMain, Flag, SetFlag<&ProcessDraft::daemon>, "on | off", "on", "Whether to leave the terminal."},
    {"worker_processes", In::kMain, Args(1), SetNumber<&ProcessDraft::workers, 1, 1024>, "number", "1", "How many."},
    {"worker_priority", In::kMain, Args(1), SetNumber<&ProcessDraft::priority, -20, 20>, "number", "0", "Nice value."},
    {"pid", In::kMain, Args(1), SetString<&ProcessDraft::pid>, "file", "colmeia.pid", "Where the pid is written."},
    {"worker_connections", In::kEvents, Args(1), SetNumber<&ProcessDraft::connections, 1>, "number", "512", "Limit."},
    {"env", In::kMain, Args(1), SetNothing, "name[=value]", "", "Kept in the environment."},
    {"error_log", In::kMain, Args(1, 2), SetNothing, "file [level]", "", "Where the master complains."},
    {"events", In::kMain, Args(0), {}, "", "", "How workers wait.", Form::kBlock},
    {"load_module", In::kMain, Args(1), SetIgnored, "file", "", "Does nothing."},
    {"lock_file", In::kMain, Args(1), SetIgnored, "file", "", "Does nothing."},
};

constexpr Directive kSiteRows[] = {
    {"http", In::kMain, Args(0), {}, "", "", "What is served.", Form::kBlock},
    {"server", In::kHttp, Args(0), {}, "", "", "One site.", Form::kBlock},
    {"location",
     In::kServer | In::kLocation,
     Args(1, 2),
     {},
     "[ = | ~ | ~* | ^~ ] uri",
     "",
     "A part of a site.",
     Form::kBlock},
    {"types", kSiteBlocks, Args(0), Set<&SetTypes>, "", "", "Types by extension.", Form::kBlock},
    {"error_log", kSiteBlocks, Args(1, 2), SetNothing, "file [level]", "", "Where requests complain."},
    {"root", kSiteBlocks, Args(1), SetString<&SiteDraft::root>, "path", "html", "Where the files are."},
    {"index", kSiteBlocks, AtLeast(1), SetStrings<&SiteDraft::index>, "file ...", "index.html", "Files of folders."},
    {"sendfile", kSiteBlocks, Flag, SetFlag<&SiteDraft::sendfile>, "on | off", "off", "Whether to use sendfile(2)."},
    {"client_max_body_size", kSiteBlocks, Args(1), SetSize<&SiteDraft::body_size>, "size", "1m", "Limit of bodies."},
    {"client_header_buffer_size", In::kHttp | In::kServer, Args(1), SetSize<&SiteDraft::buffer_size, 128, 65536>,
     "size", "1k", "For heads."},
    {"send_timeout", kSiteBlocks, Args(1), SetTime<&SiteDraft::timeout>, "time", "60s", "How long to wait."},
    {"max_age", kSiteBlocks, Args(1), SetTime<&SiteDraft::max_age>, "time", "0", "How long to keep.", Form::kSimple,
     true},
    {"server_tokens", kSiteBlocks, Args(1), SetEnum<&SiteDraft::tokens, kTokens>, "on | off | build", "on", "Name."},
    {"listen", In::kServer, AtLeast(1), Set<&SetListen>, "address [default_server]", "*:80", "Where to listen."},
    {"server_name", In::kServer, AtLeast(1), Set<&AddNames>, "name ...", "", "Names of a site."},
};

In InsideOf(std::string_view name) {
  if (name == "events") return In::kEvents;
  if (name == "http") return In::kHttp;
  return name == "server" ? In::kServer : In::kLocation;
}

}  // namespace

const Registry& SampleRegistry() {
  static const Registry registry(
      {{"process", kProcessRows, DraftOf<ProcessDraft>()}, {"site", kSiteRows, DraftOf<SiteDraft>()}});
  return registry;
}

void SampleHandler::OnBlock(const Node& block, const Registry::Row& row, In context, DraftSet&) {
  seen.push_back(std::string(row.directive->name) + " in " + ContextNames(context));
  DraftSet inner = applier_.registry().NewDrafts();
  applier_.Apply(block.children, InsideOf(row.directive->name), inner, *this);
  inner_drafts.push_back(std::move(inner));
}

}  // namespace colmeia::config
