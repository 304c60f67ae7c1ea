#include "modules/geo.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/setters.h"
#include "modules/geo_table.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/forwarded.h"
#include "sys/address.h"
#include "sys/network.h"

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

struct GeoDraft {
  std::optional<PlacedText> address;  // empty: the client's
  PlacedText name;
  const Node* block = nullptr;
};

struct Draft {
  std::vector<GeoDraft> geos;
};

// What a variable is made of.
struct Geo {
  std::optional<site::Template> address;  // empty: the client's
  std::vector<sys::Network> proxies;
  bool proxy_recursive = false;
  bool is_ranges = false;  // which know IPv4 alone: any other address is kNoAddress
  Borders<Ipv4> ipv4;
  Borders<Ipv6> ipv6;
  std::vector<std::string> values;
  std::uint32_t fallback = kNoValue;  // of ranges
};

PlacedText Placed(const Word& word) { return {word.text, word.span}; }

// Directives

void AddGeo(Draft& draft, const Call& call) {
  const std::span<const Word> words = call.args();
  GeoDraft geo{.address = {}, .name = Placed(words.back()), .block = &call.node()};
  if (words.size() > 1) geo.address = Placed(words[0]);
  draft.geos.push_back(std::move(geo));
}

constexpr Directive kDirectives[] = {
    {.name = "geo",
     .contexts = In::kHttp,
     .arity = Args(1, 2),
     .setter = config::Set<&AddGeo>,
     .syntax = "[$address] $variable",
     .default_value = "",
     .doc = "A variable whose value is that of the smallest network, or with the line ranges of the range, that the "
            "client's address or that one is in; other lines are default, delete, proxy, proxy_recursive and volatile.",
     .form = config::Form::kBlock,
     .makes = config::Makes::kLast},
};

// Merge

// Reads the lines of one block.
class Reader {
 public:
  Reader(Geo& geo, OwnVariable& variable, MergeContext& context) : geo_(geo), variable_(variable), context_(context) {}

  void Read(const Node& line) {
    if (line.block)
      return context_.Error(line.span(), "a line of \"geo\" has no block: it is written as network value;");
    const std::string& key = line.name().text;
    if (line.words.size() == 1 && ReadSwitch(line)) return;
    if (line.words.size() != 2) {
      return context_.Error(line.span(),
                            "invalid number of the geo parameters: a line is network value; or with \"ranges\" first, "
                            "first-last value;");
    }
    const Word& word = line.words[1];
    if (key == "proxy") {
      if (const auto network = ReadNetwork(word)) geo_.proxies.push_back(*network);
    } else if (key == "default") {
      ReadDefault(word);
    } else if (has_ranges_) {
      ReadRange(key == "delete" ? word : line.name(), key == "delete" ? nullptr : &word);
    } else {
      ReadNetworkLine(key == "delete" ? word : line.name(), key == "delete" ? nullptr : &word);
    }
  }

  void Finish() {
    geo_.is_ranges = has_ranges_;
    geo_.ipv4 = has_ranges_ ? ranges_.Ipv4Borders() : networks_.Ipv4Borders();
    geo_.ipv6 = networks_.Ipv6Borders();
  }

 private:
  bool ReadSwitch(const Node& line) {
    const std::string& key = line.name().text;
    if (key == "ranges") {
      if (has_networks_) {
        context_.Error(line.span(), "the \"ranges\" directive must be the first directive inside \"geo\" block");
      }
      has_ranges_ = true;
    } else if (key == "proxy_recursive") {
      geo_.proxy_recursive = true;
    } else if (key == "volatile") {
      variable_.keep = OwnVariable::Keep::kNot;
    } else {
      return false;
    }
    return true;
  }

  // Among networks it is the one of all addresses.
  void ReadDefault(const Word& word) {
    std::optional<std::uint32_t> old;
    const std::uint32_t value = ValueOf(word);
    if (has_ranges_) {
      if (geo_.fallback != kNoValue) old = geo_.fallback;
      geo_.fallback = value;
    } else {
      has_networks_ = true;
      old = networks_.Add({std::string(sizeof(Ipv4), '\0'), 0}, value);
      static_cast<void>(networks_.Add({std::string(sizeof(Ipv6), '\0'), 0}, value));
    }
    if (old) {
      context_.Warn(word.span, fmt::format("duplicate default value {}, the old one was {}", config::Quoted(word.text),
                                           config::Quoted(geo_.values[*old])));
    }
  }

  std::optional<sys::Network> ReadNetwork(const Word& word) {
    sys::NetworkFault fault{};
    const auto parsed = sys::ParseNetwork(word.text, fault);
    if (!parsed) {
      context_.Error(word.span, fmt::format("invalid network {}, expected an address or a network such as 10.0.0.0/8",
                                            config::Quoted(word.text)));
      return std::nullopt;
    }
    if (parsed->had_host_bits) {
      context_.Warn(word.span, fmt::format("low address bits of {} are meaningless", word.text));
    }
    return parsed->network;
  }

  // Without a value the network is deleted.
  void ReadNetworkLine(const Word& word, const Word* value) {
    has_networks_ = true;
    const auto network = ReadNetwork(word);
    if (!network) return;
    if (value == nullptr) {
      if (!networks_.Delete(*network)) {
        context_.Warn(word.span, fmt::format("no network {} to delete", config::Quoted(word.text)));
      }
      return;
    }
    if (const auto old = networks_.Add(*network, ValueOf(*value))) WarnOfDuplicate("network", word, *value, *old);
  }

  void ReadRange(const Word& word, const Word* value) {
    const std::optional<GeoRanges::Range> range = ParseRange(word.text);
    if (!range) {
      return context_.Error(word.span, fmt::format("invalid range {}, expected first-last, as in 10.0.0.0-10.0.0.255",
                                                   config::Quoted(word.text)));
    }
    if (value == nullptr) {
      if (!ranges_.Delete(*range)) {
        context_.Warn(word.span, fmt::format("no address range {} to delete", config::Quoted(word.text)));
      }
      return;
    }
    const GeoRanges::Result result = ranges_.Add(*range, ValueOf(*value));
    if (result.added == GeoRanges::Added::kReplaced) WarnOfDuplicate("range", word, *value, result.other);
    if (result.added == GeoRanges::Added::kOverlaps) {
      context_.Error(word.span, fmt::format("range {} overlaps \"{}-{}\"", config::Quoted(word.text),
                                            Text(result.range.first), Text(result.range.last)));
    }
  }

  static std::optional<GeoRanges::Range> ParseRange(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = sys::Address::FromIp(text.substr(0, dash), 0);
    const auto last = sys::Address::FromIp(text.substr(dash + 1), 0);
    if (!first || !last || first->family() != AF_INET || last->family() != AF_INET) return std::nullopt;
    const GeoRanges::Range range{Ipv4Of(first->HostBytes()), Ipv4Of(last->HostBytes())};
    return range.first <= range.last ? std::optional(range) : std::nullopt;
  }

  static std::string Text(Ipv4 address) {
    return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 255U, address >> 8U & 255U, address & 255U);
  }

  void WarnOfDuplicate(std::string_view what, const Word& word, const Word& value, std::uint32_t old) {
    context_.Warn(word.span, fmt::format("duplicate {} {}, value: {}, old value: {}", what, config::Quoted(word.text),
                                         config::Quoted(value.text), config::Quoted(geo_.values[old])));
  }

  // Many networks have few values.
  std::uint32_t ValueOf(const Word& word) {
    const auto [at, is_new] = value_numbers_.emplace(word.text, static_cast<std::uint32_t>(geo_.values.size()));
    if (is_new) geo_.values.push_back(word.text);
    return at->second;
  }

  Geo& geo_;
  OwnVariable& variable_;
  MergeContext& context_;
  GeoNetworks networks_;
  GeoRanges ranges_;
  bool has_networks_ = false;
  bool has_ranges_ = false;
  std::unordered_map<std::string, std::uint32_t> value_numbers_;
};

// What nginx takes for an address that is none, and for a client of a Unix socket.
constexpr Ipv4 kNoAddress = 0xffffffff;

std::uint32_t FindValue(const Geo& geo, Exchange& exchange) {
  sys::Address address = *exchange.connection->peer;
  if (geo.address) {
    const auto parsed = sys::Address::FromIp(pipeline::Evaluate(*geo.address, exchange), 0);
    if (!parsed) return geo.ipv4.Find(kNoAddress);
    address = *parsed;
  }
  if (!geo.proxies.empty()) {
    address = pipeline::ForwardedAddress(exchange, address, geo.proxies, geo.proxy_recursive);
  }
  const std::string_view bytes = address.PlainHostBytes();
  if (bytes.size() == sizeof(Ipv4)) return geo.ipv4.Find(Ipv4Of(bytes));
  const bool is_ipv6 = bytes.size() == sizeof(Ipv6) && !geo.is_ranges;
  return is_ipv6 ? geo.ipv6.Find(Ipv6Of(bytes)) : geo.ipv4.Find(kNoAddress);
}

std::optional<std::string_view> Compute(Exchange& exchange, const OwnVariable& variable) {
  const Geo& geo = *static_cast<const Geo*>(variable.data.get());
  std::uint32_t value = FindValue(geo, exchange);
  if (value == kNoValue) value = geo.fallback;
  return value == kNoValue ? std::string_view{""} : geo.values[value];
}

Settings Merge(const Settings&, const Draft& own, MergeContext& context) {
  for (const GeoDraft& draft : own.geos) {
    auto geo = std::make_shared<Geo>();
    if (draft.address) {
      if (!draft.address->text.starts_with('$')) {
        context.Error(draft.address->span,
                      fmt::format("invalid variable name {}, expected $name", config::Quoted(draft.address->text)));
      }
      geo->address = context.Compile(*draft.address);
    }
    OwnVariable* const variable = context.MakeVariable(draft.name);
    if (variable == nullptr) continue;
    Reader reader(*geo, *variable, context);
    for (const Node& line : draft.block->children) reader.Read(line);
    reader.Finish();
    variable->compute = Compute;
    variable->data = std::move(geo);
  }
  return {};
}

}  // namespace

// Export

const site::Module kGeo = site::DefineModule<Settings, Draft, Merge>("geo", kDirectives);

}  // namespace colmeia::modules
