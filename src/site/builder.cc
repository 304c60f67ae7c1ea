#include "site/builder.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

#include "config/applier.h"
#include "config/tree.h"
#include "site/core_module.h"
#include "site/declarations.h"
#include "site/listeners.h"
#include "site/merge_context.h"
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

class SiteBuilder {
 public:
  SiteBuilder(const config::Source& source, const BuildOptions& options, config::Diagnostics& diagnostics)
      : source_(source),
        diagnostics_(diagnostics),
        modules_(options.modules->all()),
        registry_(options.modules->registry()),
        applier_(registry_, source, diagnostics, options.progress),
        variables_(options.modules->variables()),
        names_{.built_in = options.modules->variables(), .own = &variables_},
        listeners_(source, *options.resolver, names_, diagnostics),
        zones_(source, diagnostics) {}

  std::unique_ptr<const Site> Build() {
    const std::vector<Node> tree = config::ParseTree(source_, diagnostics_);
    CollectVariables(tree, registry_, names_);

    site_ = std::make_unique<Site>();
    BuildMain(tree);
    site_->listeners = listeners_.Finish();
    site_->logs = std::move(logs_.files);
    site_->error_logs = std::move(logs_.error_logs);
    site_->zones = zones_.Finish();
    site_->variables = variables_.Finish();
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
      auto regex = Regex::Compile(location.name, ignore_case, names_);
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

  // The settings of a block: each module merges what the block said into the outer block's. Then come the locations
  // that the block has inside.
  SettingsSet Merge(const SettingsSet* outer, const config::DraftSet& drafts, In block, Location* location) {
    BlockContext context(shared_, block, location);
    std::vector<std::shared_ptr<const void>> all;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      const Module& module = *modules_[i];
      const bool inherits = outer != nullptr && module.inherit != Inherit::kNothing;
      const std::shared_ptr<const void> base = inherits ? outer->all()[i] : module.make_default();
      const void* const own = drafts.FindRaw(i);
      const bool shares = inherits && own == nullptr && module.inherit != Inherit::kAlways;
      all.push_back(shares ? base : module.merge(base.get(), own, context));
    }
    // A text in an inner location may be asked for while the program around it runs.
    bool needs_body = context.needs_body() || (outer != nullptr && outer->needs_body());
    const SettingsSet settings(std::move(all), needs_body);
    for (const Inner& inner : context.inner()) {
      FillInner(inner, settings, block);
      needs_body = needs_body || inner.location->settings.needs_body();
    }
    return SettingsSet(settings.all(), needs_body);
  }

  void FillInner(const Inner& inner, const SettingsSet& outer, In around) {
    const In block = around == In::kServer ? In::kServerIf : In::kLocationIf;
    const Block read = Read(inner.node->children, block);
    inner.location->settings = Merge(&outer, read.drafts, block, inner.location);
    AddHooks(*inner.location);
  }

  // What the rewrite phase had to do in the server, or in the location around an `if`, is done.
  void AddHooks(Location& location) {
    const bool is_rewritten = location.kind == LocationKind::kServer || location.kind == LocationKind::kIf;
    const Phase first = is_rewritten ? Phase::kPreaccess : Phase::kRewrite;
    for (int phase = static_cast<int>(first); phase < kPhases; ++phase) {
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
  const config::Registry& registry_;
  config::Applier applier_;
  VariableTable variables_;
  const VariableNames names_;
  ListenerBuilder listeners_;
  Logs logs_;
  ZoneList zones_;
  const BlockContext::Shared shared_{source_, diagnostics_, names_, logs_, zones_};
  std::unique_ptr<Site> site_;
};

}  // namespace

std::unique_ptr<const Site> BuildSite(const config::Source& source, const BuildOptions& options,
                                      config::Diagnostics& diagnostics) {
  return SiteBuilder(source, options, diagnostics).Build();
}

}  // namespace colmeia::site
