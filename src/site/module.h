// Module: what a file pair in modules/ exports: its directives, how its settings merge from block to block, and which
// hooks it hangs into the pipeline. Modules are blind to each other; app/modules.cc lists them in pipeline order.
//
//   struct Settings { bool on = false; };         // resolved; defaults live here, and only here
//   struct Draft    { std::optional<bool> on; };  // what one block said
//   Settings Merge(const Settings& outer, const Draft& own, MergeContext&) {
//     return {.on = own.on.value_or(outer.on)};
//   }
//   constexpr config::Directive kDirectives[] = {...};
//   const Module kThing = DefineModule<Settings, Draft, Merge>("thing", kDirectives, {.phases = kPhaseHooks});
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/directive.h"
#include "config/drafts.h"
#include "config/registry.h"
#include "config/source.h"
#include "site/settings.h"
#include "site/template.h"

namespace colmeia::pipeline {
class Exchange;
struct Outcome;
}  // namespace colmeia::pipeline

namespace colmeia::site {

enum class LocationKind;
class ZoneList;

// The order in which handlers see an exchange (nginx's phases, without those that nothing here uses).
enum class Phase {
  kServerRewrite,  // before a location is chosen: server-level `return`
  kRewrite,        // the location is known: its `return`
  kPreaccess,      // limits: limit_req, limit_conn
  kAccess,         // may the client have this? Asked once, of what it asked for: child exchanges pass
  kPrecontent,     // try_files
  kContent,        // produce the response
};
inline constexpr int kPhases = 6;

// Handles or passes on. Must not throw and must not block longer than a file's metadata takes.
using Handler = pipeline::Outcome (*)(pipeline::Exchange&);
// Changes the response's head or body when the response is complete and nothing of it has been sent.
using HeadFilter = void (*)(pipeline::Exchange&);
// Looks at an exchange that is over.
using LogHandler = void (*)(pipeline::Exchange&);
// Whether a hook has anything to do in a place with these settings. A hook that does not apply costs nothing there.
using Applies = bool (*)(const SettingsSet&);

// A text of the configuration with its place, kept by a Draft until Merge compiles it.
struct PlacedText {
  std::string text;
  config::Span span;
};

// What Merge may ask for. One per block.
class MergeContext {
 public:
  virtual ~MergeContext() = default;

  // The template, or an empty one after an error was reported at its place. It is used in this block and those in it:
  // what it needs of an exchange is noted for them (SettingsSet::needs_body).
  virtual Template Compile(const PlacedText& text) = 0;
  // The same for a text that other directives use by a name that it is given: they say Use().
  virtual Template Declare(const PlacedText& text) = 0;
  virtual void Use(const Template& declared) = 0;
  virtual void Error(config::Span span, std::string message) = 0;
  virtual void Warn(config::Span span, std::string message) = 0;

  // The ordinal of a log file; relative paths start at the prefix. The same path gets the same ordinal.
  virtual std::uint32_t AddLog(std::string_view path, config::Span span) = 0;
  // The ordinal of a set of error log targets (Site::error_logs).
  virtual std::uint32_t AddErrorLog(const std::vector<std::pair<std::uint32_t, int>>& targets) = 0;
  // The zones of shared memory that directives make and use.
  virtual ZoneList& zones() = 0;

  // Absolute, by the prefix (-p), respectively by the folder of the configuration file.
  [[nodiscard]] virtual std::string FromPrefix(std::string_view path) const = 0;
  [[nodiscard]] virtual std::string FromConf(std::string_view path) const = 0;
  [[nodiscard]] virtual const std::string& prefix() const = 0;
  // -e, or empty.
  [[nodiscard]] virtual const std::string& error_log_option() const = 0;

  [[nodiscard]] virtual config::In block() const = 0;
  // Of a location block: its kind and name. REQUIRES: block() == In::kLocation.
  [[nodiscard]] virtual LocationKind location_kind() const = 0;
  [[nodiscard]] virtual const std::string& location_name() const = 0;
};

// Whether a block that says nothing has its outer block's settings, or the defaults.
enum class Inherit {
  kWhole,    // nginx's rule for most directives
  kNothing,  // return, try_files, stub_status: only where they are written
  kAlways,   // as kWhole, and Merge is asked for silent blocks too: access_log, whose default is a file to open
};

struct PhaseHook {
  Phase phase = Phase::kContent;
  Handler handler = nullptr;
  Applies applies = nullptr;  // null = everywhere
};

// Where it applies to a prefix location "/a/", `redirect` answers a request for "/a", as nginx does it for what is
// served by a handler; unless the configuration has a location "/a".
struct SlashHook {
  Handler redirect = nullptr;
  Applies applies = nullptr;  // null = nowhere
};

struct Hooks {
  std::span<const PhaseHook> phases = {};
  HeadFilter filter = nullptr;
  Applies filter_applies = nullptr;
  // The filter is about a body's bytes: it sees the responses of child exchanges, too, whose heads are sent to no
  // client (pipeline/child.h).
  bool filters_children = false;
  LogHandler log = nullptr;
  Applies log_applies = nullptr;
  SlashHook slash = {};
  std::span<const Variable> variables = {};
};

struct Module {
  std::string_view name;
  std::span<const config::Directive> directives;
  Hooks hooks;
  Inherit inherit = Inherit::kWhole;
  config::DraftType draft;
  std::shared_ptr<const void> (*make_default)() = nullptr;
  // `own` may be null: the block said nothing. Then a kWhole module's outer settings are shared instead.
  std::shared_ptr<const void> (*merge)(const void* outer, const void* own, MergeContext& context) = nullptr;
  void (*set_index)(std::size_t index) = nullptr;
};

template <class Settings, class Draft, Settings (*Merge)(const Settings&, const Draft&, MergeContext&)>
[[nodiscard]] Module DefineModule(std::string_view name, std::span<const config::Directive> directives,
                                  Hooks hooks = {}, Inherit inherit = Inherit::kWhole) {
  Module module;
  module.name = name;
  module.directives = directives;
  module.hooks = hooks;
  module.inherit = inherit;
  module.draft = config::DraftOf<Draft>();
  module.make_default = []() -> std::shared_ptr<const void> { return std::make_shared<const Settings>(); };
  module.merge = [](const void* outer, const void* own, MergeContext& context) -> std::shared_ptr<const void> {
    static const Draft kSilent{};
    return std::make_shared<const Settings>(Merge(*static_cast<const Settings*>(outer),
                                                  own != nullptr ? *static_cast<const Draft*>(own) : kSilent, context));
  };
  module.set_index = [](std::size_t index) { SettingsIndex<Settings>::value = index; };
  return module;
}

// The modules of a program in pipeline order. Gives each module's settings their index when it is made.
class ModuleList {
 public:
  // `modules` must outlive the list: they are constants of modules/ and pipeline/.
  explicit ModuleList(std::vector<const Module*> modules);

  [[nodiscard]] const std::vector<const Module*>& all() const { return modules_; }
  [[nodiscard]] const config::Registry& registry() const { return *registry_; }
  [[nodiscard]] std::span<const Variable> variables() const { return variables_; }

 private:
  std::vector<const Module*> modules_;
  std::vector<Variable> variables_;
  std::shared_ptr<const config::Registry> registry_;
};

}  // namespace colmeia::site
