#include "modules/split_clients.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/setters.h"
#include "pipeline/evaluate.h"
#include "util/murmur.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Node;
using config::Word;
using site::MergeContext;
using site::OwnVariable;
using site::PlacedText;

constexpr std::uint32_t kWhole = 10'000;  // hundredths of a per cent

// Everything is in the variables.
struct Settings {};

struct SplitDraft {
  PlacedText source;
  PlacedText name;
  const Node* block = nullptr;
};

struct Draft {
  std::vector<SplitDraft> splits;
};

struct Part {
  std::uint32_t end = 0;  // hashes below it are in the part; 0: all that are left
  std::string value;
};

// What a variable is made of.
struct Split {
  site::Template source;
  std::vector<Part> parts;
};

// Directives

void AddSplit(Draft& draft, const Call& call) {
  const std::span<const Word> words = call.args();
  draft.splits.push_back({{words[0].text, words[0].span}, {words[1].text, words[1].span}, &call.node()});
}

constexpr Directive kDirectives[] = {
    {.name = "split_clients",
     .contexts = In::kHttp,
     .arity = Args(2),
     .setter = config::Set<&AddSplit>,
     .syntax = "string $variable",
     .default_value = "",
     .doc = "A variable whose value is that of the part which the string's hash falls into; each line is a share and a "
            "value: 0.5% a; and * for what is left.",
     .form = config::Form::kBlock,
     .makes = config::Makes::kLast},
};

// Merge

// "0.5%" in hundredths of a per cent; nothing for what is none, and for 0.
std::optional<std::uint32_t> ReadShare(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t point = text.find('.');
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (fraction.size() > 2) return std::nullopt;
  std::string digits(text.substr(0, point));
  digits.append(fraction).append(2 - fraction.size(), '0');
  const auto share = util::ParseNumber<std::uint32_t>(digits);
  return share && *share > 0 ? share : std::nullopt;
}

void ReadParts(Split& split, const Node& block, MergeContext& context) {
  std::uint32_t sum = 0;
  std::uint32_t end = 0;
  for (const Node& line : block.children) {
    const Word& key = line.name();
    if (line.block || line.words.size() != 2) {
      context.Error(line.span(), "a line of \"split_clients\" is a share and a value, as in: 0.5% a;");
      continue;
    }
    const bool is_rest = key.text == "*";
    const std::optional<std::uint32_t> share = is_rest ? kWhole - sum : ReadShare(key.text);
    if (!share) {
      context.Error(key.span,
                    fmt::format("invalid percent value {}, expected 0.01% to 100%, or *", config::Quoted(key.text)));
      continue;
    }
    if (*share > kWhole - sum) {
      context.Error(key.span, "percent total is greater than 100%");
      return;
    }
    sum += *share;
    // As nginx rounds it; the last part has what rounding left.
    end += static_cast<std::uint32_t>(*share * std::uint64_t{0xffffffff} / kWhole);
    split.parts.push_back({is_rest || sum == kWhole ? 0 : end, line.words[1].text});
  }
}

std::optional<std::string_view> Compute(pipeline::Exchange& exchange, const OwnVariable& variable) {
  const Split& split = *static_cast<const Split*>(variable.data.get());
  const std::uint32_t hash = util::MurmurHash2(pipeline::Evaluate(split.source, exchange));
  for (const Part& part : split.parts) {
    if (hash < part.end || part.end == 0) return part.value;
  }
  return "";
}

Settings Merge(const Settings&, const Draft& own, MergeContext& context) {
  for (const SplitDraft& draft : own.splits) {
    auto split = std::make_shared<Split>();
    split->source = context.Compile(draft.source);
    ReadParts(*split, *draft.block, context);
    OwnVariable* const variable = context.MakeVariable(draft.name);
    if (variable == nullptr) continue;
    variable->compute = Compute;
    variable->data = std::move(split);
  }
  return {};
}

}  // namespace

// Export

const site::Module kSplitClients = site::DefineModule<Settings, Draft, Merge>("split_clients", kDirectives);

}  // namespace colmeia::modules
