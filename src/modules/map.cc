#include "modules/map.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/setters.h"
#include "modules/map_table.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "site/core_settings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Node;
using config::Word;
using pipeline::Exchange;
using site::MergeContext;
using site::OwnVariable;
using site::PlacedText;

// Everything is in the variables.
struct Settings {};

struct MapDraft {
  PlacedText source;
  PlacedText name;
  const Node* block = nullptr;
};

struct Draft {
  std::vector<MapDraft> maps;
};

// What a variable is made of.
struct Map {
  site::Template source;
  bool hostnames = false;
  MapTable table;
  std::vector<site::Template> values;
  std::optional<std::uint32_t> fallback;  // the value of `default`
};

PlacedText Placed(const Word& word) { return {word.text, word.span}; }

// Directives

void AddMap(Draft& draft, const Call& call) {
  draft.maps.push_back({Placed(call.args()[0]), Placed(call.args()[1]), &call.node()});
}

constexpr Directive kDirectives[] = {
    {.name = "map",
     .contexts = In::kHttp,
     .arity = Args(2),
     .setter = config::Set<&AddMap>,
     .syntax = "string $variable",
     .default_value = "",
     .doc = "A variable whose value is that of the line which the string stands in: a text in whatever case, an "
            "expression behind ~ or ~*, default, and with the line hostnames a name with a wildcard; with the line "
            "volatile it is looked up each time.",
     .form = config::Form::kBlock,
     .makes = config::Makes::kLast,
     .patterns = config::Patterns::kLines},
};

// Merge

// Reads the lines of one block.
class Reader {
 public:
  Reader(Map& map, OwnVariable& variable, MergeContext& context) : map_(map), variable_(variable), context_(context) {}

  void Read(const Node& line) {
    if (line.block)
      return context_.Error(line.span(), "a line of \"map\" has no block: it is written as string value;");
    const Word& key = line.name();
    if (line.words.size() == 1 && key.text == "hostnames") {
      map_.hostnames = true;
    } else if (line.words.size() == 1 && key.text == "volatile") {
      variable_.keep = OwnVariable::Keep::kNot;
    } else if (line.words.size() != 2) {
      context_.Error(line.span(),
                     "invalid number of the map parameters: a line is string value; or hostnames; or volatile;");
    } else {
      Add(key, AddValue(line.words[1]));
    }
  }

 private:
  std::uint32_t AddValue(const Word& word) {
    // Long tables have few values.
    for (std::size_t i = map_.values.size(); i > 0 && i + kNear > map_.values.size(); --i) {
      if (map_.values[i - 1].text() == word.text) return static_cast<std::uint32_t>(i - 1);
    }
    map_.values.push_back(context_.Compile(Placed(word)));
    return static_cast<std::uint32_t>(map_.values.size() - 1);
  }

  void Add(const Word& key, std::uint32_t value) {
    if (key.text == "default") {
      if (map_.fallback) return context_.Error(key.span, "duplicate default map parameter");
      map_.fallback = value;
      return;
    }
    if (key.text.starts_with('~')) {
      const bool ignore_case = key.text.starts_with("~*");
      auto regex = context_.CompileRegex({key.text.substr(ignore_case ? 2 : 1), key.span}, ignore_case);
      if (regex) map_.table.AddRegex(*std::move(regex), value);
      return;
    }
    // A backslash takes the meaning of what follows.
    const std::string_view text = std::string_view(key.text).substr(key.text.starts_with('\\') ? 1 : 0);
    const auto added = map_.hostnames ? map_.table.AddHostname(text, value) : map_.table.AddText(text, value);
    if (added == MapTable::Added::kTwice) {
      context_.Error(key.span, fmt::format("conflicting parameter {}: there is a line for it", config::Quoted(text)));
    } else if (added == MapTable::Added::kNoHostname) {
      context_.Error(key.span, fmt::format("invalid hostname or wildcard {}, expected a name, *.name, .name or name.*",
                                           config::Quoted(text)));
    }
  }

  static constexpr std::size_t kNear = 64;

  Map& map_;
  OwnVariable& variable_;
  MergeContext& context_;
};

// A failed match is neither a match nor none: the request is refused, and what stands in the value's place is never sent.
std::optional<std::string_view> Compute(Exchange& exchange, const OwnVariable& variable) {
  const Map& map = *static_cast<const Map*>(variable.data.get());
  std::string_view text = pipeline::Evaluate(map.source, exchange);
  if (map.hostnames && text.ends_with('.')) text.remove_suffix(1);
  site::MatchFailure failure;
  std::optional<std::uint32_t> line = map.table.Find(text, exchange.values, failure);
  if (failure) {
    pipeline::WriteReport(exchange, log::Level::kAlert, failure.Text());
    exchange.refusal = http::Status::kInternalServerError;
    exchange.values.Set(variable.slot, {});
    return std::string_view{};
  }
  if (!line) line = map.fallback;
  return line ? pipeline::Evaluate(map.values[*line], exchange) : std::string_view{};
}

Settings Merge(const Settings&, const Draft& own, MergeContext& context) {
  for (const MapDraft& draft : own.maps) {
    auto map = std::make_shared<Map>();
    map->source = context.Compile(draft.source);
    OwnVariable* const variable = context.MakeVariable(draft.name);
    if (variable == nullptr) continue;
    for (const Node& line : draft.block->children) Reader(*map, *variable, context).Read(line);
    variable->compute = Compute;
    variable->data = std::move(map);
  }
  return {};
}

}  // namespace

// Export

const site::Module kMap = site::DefineModule<Settings, Draft, Merge>("map", kDirectives);

}  // namespace colmeia::modules
