#include "site/builder.h"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/core.h>

#include "config/applier.h"
#include "config/tree.h"
#include "site/core_module.h"
#include "site/listeners.h"
#include "site/zones.h"

namespace colmeia::site {
namespace {

using config::In;
using config::Node;

// Remembers the blocks of one block, because they merge with all of its directives, those behind them included.
class BlockCollector final : public config::BlockHandler {
 public:
  void OnBlock(const Node& block, const config::Registry::Row&, In, config::DraftSet&) override {
    blocks_.push_back(&block);
  }
  [[nodiscard]] const std::vector<const Node*>& blocks() const { return blocks_; }

 private:
  std::vector<const Node*> blocks_;
};

// Names of groups in the configuration's regular expressions: they are variables, also in lines before the expression.
void CollectCaptureNames(const std::vector<Node>& nodes, std::set<std::string>& names) {
  for (const Node& node : nodes) {
    // Behind a forgotten `;` they stand among the words of the directive before.
    const bool may_match = std::any_of(node.words.begin(), node.words.end(), [](const config::Word& word) {
      return word.text == "location" || word.text == "server_name";
    });
    for (const config::Word& word : node.words) {
      std::string_view pattern = word.text;
      if (!may_match || pattern.find("(?") == std::string_view::npos) continue;
      // The modifier may stand at the expression.
      if (pattern.starts_with('~')) pattern.remove_prefix(pattern.starts_with("~*") ? 2 : 1);
      for (std::string& name : Regex::NamesIn(pattern)) names.insert(std::move(name));
    }
    CollectCaptureNames(node.children, names);
  }
}

// Where `reference` ("$name" or "${name}") is written within `span`: an escape or a quote may stand before it. All of
// `span` when it is not found there.
config::Span FindReference(const config::Source& source, config::Span span, std::string_view reference) {
  const std::string_view raw = source.text().substr(span.offset, span.length);
  for (std::size_t at = raw.find(reference); at != std::string_view::npos; at = raw.find(reference, at + 1)) {
    const std::size_t end = at + reference.size();
    const bool goes_on = reference.back() != '}' && end < raw.size() &&
                         (IsVariableCharacter(raw[end]) || (raw[end] == '{' && reference == "$"));
    if (goes_on) continue;
    return {span.offset + static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(reference.size())};
  }
  return span;
}

// The logs of a site by ordinal, filled while settings merge.
struct Logs {
  std::vector<LogFile> files;
  std::vector<std::vector<ErrorLogTarget>> error_logs;
};

class Context final : public MergeContext {
 public:
  Context(const config::Source& source, config::Diagnostics& diagnostics, const TemplateNames& names, Logs& logs,
          ZoneList& zones, In block, const Location* location)
      : source_(source),
        diagnostics_(diagnostics),
        names_(names),
        logs_(logs),
        zones_(zones),
        block_(block),
        location_(location) {}

  Template Compile(const PlacedText& text) override {
    Template compiled = Declare(text);
    Use(compiled);
    return compiled;
  }
  void Use(const Template& declared) override { needs_body_ = needs_body_ || declared.needs_body(); }
  Template Declare(const PlacedText& text) override {
    std::vector<TemplateMistake> mistakes;
    Template compiled = Template::Compile(text.text, names_, mistakes);
    if (mistakes.empty()) return compiled;
    for (TemplateMistake& mistake : mistakes) {
      Error(FindReference(source_, text.span, mistake.reference), std::move(mistake.message));
    }
    return {};
  }
  void Error(config::Span span, std::string message) override {
    diagnostics_.Error(source_.Locate(span), std::move(message));
  }
  void Warn(config::Span span, std::string message) override {
    diagnostics_.Warn(source_.Locate(span), std::move(message));
  }

  std::uint32_t AddLog(std::string_view path, config::Span span) override {
    const std::string full = path == "stderr" ? std::string(path) : FromPrefix(path);
    for (std::size_t i = 0; i < logs_.files.size(); ++i) {
      if (logs_.files[i].path == full) return static_cast<std::uint32_t>(i);
    }
    logs_.files.push_back({full, span.length == 0 ? std::string() : source_.Locate(span).ToString()});
    return static_cast<std::uint32_t>(logs_.files.size() - 1);
  }
  std::uint32_t AddErrorLog(const std::vector<std::pair<std::uint32_t, int>>& targets) override {
    std::vector<ErrorLogTarget> rows;
    for (const auto& [log, level] : targets) rows.push_back({log, level});
    logs_.error_logs.push_back(std::move(rows));
    return static_cast<std::uint32_t>(logs_.error_logs.size() - 1);
  }
  ZoneList& zones() override { return zones_; }

  [[nodiscard]] std::string FromPrefix(std::string_view path) const override {
    return path.starts_with('/') ? std::string(path) : source_.prefix + std::string(path);
  }
  [[nodiscard]] std::string FromConf(std::string_view path) const override {
    if (path.starts_with('/')) return std::string(path);
    return source_.conf_path.substr(0, source_.conf_path.rfind('/') + 1) + std::string(path);
  }
  [[nodiscard]] const std::string& prefix() const override { return source_.prefix; }
  [[nodiscard]] const std::string& error_log_option() const override { return source_.error_log; }
  [[nodiscard]] In block() const override { return block_; }
  [[nodiscard]] LocationKind location_kind() const override { return location_->kind; }
  [[nodiscard]] const std::string& location_name() const override { return location_->name; }

  // Some text that is used here does.
  [[nodiscard]] bool needs_body() const { return needs_body_; }

 private:
  const config::Source& source_;
  config::Diagnostics& diagnostics_;
  const TemplateNames& names_;
  Logs& logs_;
  ZoneList& zones_;
  In block_;
  const Location* location_;
  bool needs_body_ = false;
};

class SiteBuilder {
 public:
  SiteBuilder(const config::Source& source, const BuildOptions& options, config::Diagnostics& diagnostics)
      : source_(source),
        diagnostics_(diagnostics),
        modules_(options.modules->all()),
        names_{.variables = options.modules->variables(), .groups = {}},
        registry_(options.modules->registry()),
        applier_(registry_, source, diagnostics, options.progress),
        listeners_(source, *options.resolver, options.modules->variables(), diagnostics),
        zones_(source, diagnostics) {}

  std::unique_ptr<const Site> Build() {
    const std::vector<Node> tree = config::ParseTree(source_, diagnostics_);
    std::set<std::string> names;
    CollectCaptureNames(tree, names);
    groups_.assign(names.begin(), names.end());
    names_.groups = groups_;

    site_ = std::make_unique<Site>();
    BuildMain(tree);
    site_->listeners = listeners_.Finish();
    site_->logs = std::move(logs_.files);
    site_->error_logs = std::move(logs_.error_logs);
    site_->zones = zones_.Finish();
    if (diagnostics_.HasErrors()) return nullptr;
    return std::move(site_);
  }

 private:
  // What one block said: its Drafts, and its inner blocks.
  struct Block {
    config::DraftSet drafts;
    BlockCollector inner;
  };

  Block Read(std::span<const Node> nodes, In context) {
    Block block{registry_.NewDrafts(), {}};
    applier_.Apply(nodes, context, block.drafts, block.inner);
    return block;
  }

  void BuildMain(const std::vector<Node>& tree) {
    Block main = Read(tree, In::kMain);
    const Node* events = nullptr;
    const Node* http = nullptr;
    for (const Node* block : main.inner.blocks()) {
      const Node*& place = block->name().text == "http" ? http : events;
      if (place != nullptr) {
        diagnostics_.Error(source_.Locate(block->name().span),
                           fmt::format("\"{}\" directive is duplicate", block->name().text));
      } else {
        place = block;  // of two the first one's mistakes are told
      }
    }
    // Settings of `events` are the main context's, only written elsewhere.
    if (events != nullptr) applier_.Apply(events->children, In::kEvents, main.drafts, main.inner);
    site_->main = Merge(nullptr, main.drafts, In::kMain, nullptr);
    site_->http = site_->main;
    if (http != nullptr) BuildHttp(*http);
  }

  void BuildHttp(const Node& node) {
    Block http = Read(node.children, In::kHttp);
    site_->http = Merge(&site_->main, http.drafts, In::kHttp, nullptr);
    for (const Node* server : http.inner.blocks()) BuildServer(*server);
  }

  void BuildServer(const Node& node) {
    Block block = Read(node.children, In::kServer);
    auto server = std::make_unique<Server>();
    server->self = std::make_unique<Location>();
    server->self->kind = LocationKind::kServer;
    server->self->settings = Merge(&site_->http, block.drafts, In::kServer, server->self.get());
    listeners_.Add(*server, block.drafts.Get<CoreDraft>(ModuleIndex(kCore)), node.name().span);

    for (const Node* location : block.inner.blocks()) {
      AddLocation(*location, *server, server->self->settings, nullptr, server->locations, server->table);
    }
    AddRedirectsToSlash(server->locations, server->table);
    server->table.Finish();
    AddHooks(*server->self);
    AddServerHandlers(*server);
    // A `return` of the server has had its say before a location is chosen.
    site_->servers.push_back(std::move(server));
  }

  void AddLocation(const Node& node, Server& server, const SettingsSet& outer, const Location* parent,
                   std::vector<std::unique_ptr<Location>>& owner, LocationTable& table) {
    auto location = std::make_unique<Location>();
    if (!ReadLocation(node, *location)) return;
    CheckNesting(node, *location, parent);
    CheckDuplicate(node, *location, owner);

    Block block = Read(node.children, In::kLocation);
    location->settings = Merge(&outer, block.drafts, In::kLocation, location.get());
    for (const Node* child : block.inner.blocks()) {
      AddLocation(*child, server, location->settings, location.get(), location->children, location->table);
    }
    AddRedirectsToSlash(location->children, location->table);
    location->table.Finish();
    AddHooks(*location);
    if (location->kind == LocationKind::kNamed) server.named.emplace(location->name, location.get());
    table.Add(location.get());
    owner.push_back(std::move(location));
  }

  // A request for "/a" where only "/a/" is a location, and a module there wants it: an exact location of its own.
  void AddRedirectsToSlash(std::vector<std::unique_ptr<Location>>& locations, LocationTable& table) const {
    std::vector<std::unique_ptr<Location>> added;
    for (const auto& location : locations) {
      const bool by_prefix = location->kind == LocationKind::kPrefix || location->kind == LocationKind::kPrefixFinal;
      if (!by_prefix || location->name.size() < 2 || !location->name.ends_with('/')) continue;
      const auto wants = std::find_if(modules_.begin(), modules_.end(), [&](const Module* module) {
        const Applies applies = module->hooks.slash.applies;
        return applies != nullptr && applies(location->settings);
      });
      const std::string name = location->name.substr(0, location->name.size() - 1);
      const bool taken = std::any_of(locations.begin(), locations.end(), [&](const auto& other) {
        return other->name == name && other->kind != LocationKind::kRegex && other->kind != LocationKind::kNamed;
      });
      if (wants == modules_.end() || taken) continue;
      auto redirect = std::make_unique<Location>();
      redirect->kind = LocationKind::kExact;
      redirect->name = name;
      redirect->settings = location->settings;
      redirect->handlers = {(*wants)->hooks.slash.redirect};
      redirect->child_handlers = redirect->handlers;
      redirect->filters = location->filters;
      redirect->child_filters = location->child_filters;
      redirect->loggers = location->loggers;
      table.Add(redirect.get());
      added.push_back(std::move(redirect));
    }
    std::move(added.begin(), added.end(), std::back_inserter(locations));
  }

  // `location = /a`, `location =/a`, `location @a`, ...: the modifier may stand alone or at the name.
  bool ReadLocation(const Node& node, Location& location) {
    struct Modifier {
      std::string_view text;
      LocationKind kind;
      bool ignore_case;
    };
    static constexpr Modifier kModifiers[] = {{"=", LocationKind::kExact, false},
                                              {"^~", LocationKind::kPrefixFinal, false},
                                              {"~*", LocationKind::kRegex, true},
                                              {"~", LocationKind::kRegex, false}};
    const auto args = node.args();
    const std::string& first = args[0].text;
    const config::Word& last = args.back();
    bool ignore_case = false;
    location.name = last.text;
    if (args.size() == 2) {
      const auto modifier = std::find_if(std::begin(kModifiers), std::end(kModifiers),
                                         [&](const Modifier& row) { return row.text == first; });
      if (modifier == std::end(kModifiers)) {
        diagnostics_.Error(source_.Locate(args[0].span),
                           fmt::format("invalid location modifier {}, expected =, ^~, ~ or ~*", config::Quoted(first)));
        return false;
      }
      location.kind = modifier->kind;
      ignore_case = modifier->ignore_case;
    } else if (first.starts_with('@')) {
      location.kind = LocationKind::kNamed;
    } else {
      for (const Modifier& row : kModifiers) {
        if (!first.starts_with(row.text)) continue;
        location.kind = row.kind;
        ignore_case = row.ignore_case;
        location.name = first.substr(row.text.size());
        break;
      }
    }
    if (location.kind == LocationKind::kRegex) {
      auto regex = Regex::Compile(location.name, ignore_case, names_.variables);
      if (!regex) {
        diagnostics_.Error(source_.Locate(last.span), regex.error().message);
        return false;
      }
      location.regex = std::make_unique<Regex>(*std::move(regex));
    }
    return true;
  }

  void CheckNesting(const Node& node, const Location& location, const Location* parent) {
    if (parent == nullptr) return;
    const config::Place place = source_.Locate(node.span());
    const auto refuse = [&](std::string_view why) {
      diagnostics_.Error(place, fmt::format("location \"{}\" {} \"{}\"", location.name, why, parent->name));
    };
    const bool by_prefix = location.kind != LocationKind::kRegex && location.kind != LocationKind::kNamed;
    if (parent->kind == LocationKind::kExact) {
      refuse("cannot be inside the exact location");
    } else if (parent->kind == LocationKind::kNamed) {
      refuse("cannot be inside the named location");
    } else if (location.kind == LocationKind::kNamed) {
      diagnostics_.Error(place, fmt::format("named location \"{}\" can be on the server level only", location.name));
    } else if (by_prefix && parent->kind != LocationKind::kRegex && !location.name.starts_with(parent->name)) {
      refuse("is outside location");
    }
  }

  void CheckDuplicate(const Node& node, const Location& location,
                      const std::vector<std::unique_ptr<Location>>& beside) {
    const auto group = [](LocationKind kind) {
      return kind == LocationKind::kPrefixFinal ? LocationKind::kPrefix : kind;
    };
    for (const auto& other : beside) {
      if (location.kind == LocationKind::kRegex) break;  // the first of two equal ones wins, as in nginx
      if (group(other->kind) != group(location.kind) || other->name != location.name) continue;
      diagnostics_.Error(source_.Locate(node.span()), fmt::format("duplicate location \"{}\"", location.name));
    }
  }

  // The settings of a block: each module merges what the block said into the outer block's.
  SettingsSet Merge(const SettingsSet* outer, const config::DraftSet& drafts, In block, const Location* location) {
    Context context(source_, diagnostics_, names_, logs_, zones_, block, location);
    std::vector<std::shared_ptr<const void>> all;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      const Module& module = *modules_[i];
      const bool inherits = outer != nullptr && module.inherit != Inherit::kNothing;
      const std::shared_ptr<const void> base = inherits ? outer->all()[i] : module.make_default();
      const void* const own = drafts.FindRaw(i);
      const bool shares = inherits && own == nullptr && module.inherit != Inherit::kAlways;
      all.push_back(shares ? base : module.merge(base.get(), own, context));
    }
    return SettingsSet(std::move(all), context.needs_body() || (outer != nullptr && outer->needs_body()));
  }

  void AddHooks(Location& location) {
    for (int phase = static_cast<int>(Phase::kRewrite); phase < kPhases; ++phase) {
      AddHandlers(static_cast<Phase>(phase), location.settings, location.handlers);
      if (static_cast<Phase>(phase) == Phase::kAccess) continue;
      AddHandlers(static_cast<Phase>(phase), location.settings, location.child_handlers);
    }
    for (const Module* module : modules_) {
      const Hooks& hooks = module->hooks;
      if (hooks.filter != nullptr && DoesApply(hooks.filter_applies, location.settings)) {
        location.filters.push_back(hooks.filter);
        if (hooks.filters_children) location.child_filters.push_back(hooks.filter);
      }
      if (hooks.log != nullptr && DoesApply(hooks.log_applies, location.settings))
        location.loggers.push_back(hooks.log);
    }
  }

  void AddServerHandlers(Server& server) { AddHandlers(Phase::kServerRewrite, server.self->settings, server.handlers); }

  void AddHandlers(Phase phase, const SettingsSet& settings, std::vector<Handler>& handlers) {
    for (const Module* module : modules_) {
      for (const PhaseHook& hook : module->hooks.phases) {
        if (hook.phase == phase && DoesApply(hook.applies, settings)) handlers.push_back(hook.handler);
      }
    }
  }

  static bool DoesApply(Applies applies, const SettingsSet& settings) {
    return applies == nullptr || applies(settings);
  }

  [[nodiscard]] std::size_t ModuleIndex(const Module& module) const {
    const auto at = std::find(modules_.begin(), modules_.end(), &module);
    CHECK(at != modules_.end());
    return static_cast<std::size_t>(at - modules_.begin());
  }

  const config::Source& source_;
  config::Diagnostics& diagnostics_;
  const std::vector<const Module*>& modules_;
  TemplateNames names_;
  const config::Registry& registry_;
  config::Applier applier_;
  ListenerBuilder listeners_;
  std::vector<std::string> groups_;
  Logs logs_;
  ZoneList zones_;
  std::unique_ptr<Site> site_;
};

}  // namespace

std::unique_ptr<const Site> BuildSite(const config::Source& source, const BuildOptions& options,
                                      config::Diagnostics& diagnostics) {
  return SiteBuilder(source, options, diagnostics).Build();
}

}  // namespace colmeia::site
