#include "pipeline/aio.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/setters.h"
#include "pipeline/cold_pieces.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "site/core_settings.h"
#include "util/strings.h"

namespace colmeia::pipeline {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;

constexpr std::string_view kDefaultPool = "default";

struct PoolSpec {
  std::string name;
  std::size_t threads = 32;
  std::size_t max_queue = 65536;
};

struct AioSettings {
  std::vector<PoolSpec> pools;            // of the main context
  std::optional<site::Template> threads;  // the name of the pool that reads; nothing: the loop itself does
};

enum class Aio { kOff, kOn, kThreads };

struct AioDraft {
  std::vector<PoolSpec> pools;
  std::optional<Aio> aio;
  site::PlacedText pool;  // with kThreads
};

// Directives

// What follows `name` and an equals sign in the word.
std::optional<std::string_view> Parameter(const Word& word, std::string_view name) {
  const std::string_view text = word.text;
  if (!text.starts_with(name) || text.size() == name.size() || text[name.size()] != '=') return std::nullopt;
  return text.substr(name.size() + 1);
}

void AddPool(AioDraft& draft, const Call& call) {
  constexpr std::size_t kMostThreads = 1024;
  const auto is_same = [&](const PoolSpec& pool) { return pool.name == call.arg(0); };
  if (std::any_of(draft.pools.begin(), draft.pools.end(), is_same)) {
    return call.Error(call.args()[0], fmt::format("duplicate thread pool \"{}\"", call.arg(0)));
  }
  PoolSpec pool{.name = call.arg(0)};
  bool has_threads = false;
  for (const Word& word : call.args().subspan(1)) {
    if (const auto threads = Parameter(word, "threads")) {
      const auto number = util::ParseNumber<std::size_t>(*threads);
      if (!number || *number == 0 || *number > kMostThreads) {
        return call.InvalidValue(word, "expected threads=NUMBER, from 1 to 1024");
      }
      pool.threads = *number;
      has_threads = true;
    } else if (const auto queue = Parameter(word, "max_queue")) {
      const auto number = util::ParseNumber<std::size_t>(*queue);
      if (!number || *number > UINT32_MAX) return call.InvalidValue(word, "expected max_queue=NUMBER");
      pool.max_queue = *number;
    } else {
      return call.InvalidValue(word, "expected threads=NUMBER or max_queue=NUMBER");
    }
  }
  if (!has_threads) return call.Error("\"thread_pool\" must have \"threads\" parameter");
  draft.pools.push_back(std::move(pool));
}

void SetAio(AioDraft& draft, const Call& call) {
  if (draft.aio) return call.Duplicate();
  const Word& word = call.args()[0];
  if (word.text == "off") {
    draft.aio = Aio::kOff;
  } else if (word.text == "on") {
    draft.aio = Aio::kOn;
  } else if (word.text == "threads") {
    draft.aio = Aio::kThreads;
    draft.pool = {std::string(kDefaultPool), word.span};
  } else if (const auto name = Parameter(word, "threads")) {
    draft.aio = Aio::kThreads;
    draft.pool = {std::string(*name), word.span};
  } else {
    call.InvalidValue(word, "expected off, on, threads or threads=POOL");
  }
}

constexpr Directive kAioDirectives[] = {
    {.name = "thread_pool",
     .contexts = In::kMain,
     .arity = Args(2, 3),
     .setter = config::Set<&AddPool>,
     .syntax = "name threads=number [max_queue=number]",
     .default_value = "default threads=32 max_queue=65536",
     .doc = "Threads of each worker that read files for it, for `aio threads`, and how many reads may wait for one. "
            "They start when they are needed. What finds the queue full fails, and its client's connection is closed."},
    {.name = "aio",
     .contexts = In::kHttp | In::kServer | In::kLocation,
     .arity = Args(1),
     .setter = config::Set<&SetAio>,
     .syntax = "on | off | threads[=pool]",
     .default_value = "off",
     .doc =
         "With threads, a thread reads what of a file is not in the system's memory, while the worker serves others. "
         "That helps sites whose files are larger than memory, on slow or distant disks: there one read holds up "
         "all clients of a worker. Where files stay in memory it only costs two system calls for each "
         "sendfile_max_chunk. Files up to 64k are read at once, whatever it says. As in nginx on Linux, on does "
         "nothing without directio."},
};

// Merge

AioSettings MergeAio(const AioSettings& outer, const AioDraft& own, site::MergeContext& context) {
  AioSettings out = outer;
  if (!own.pools.empty()) out.pools = own.pools;
  if (!own.aio) return out;
  out.threads.reset();
  if (*own.aio != Aio::kThreads) return out;
  out.threads = context.Compile(own.pool);
  const bool is_known =
      own.pool.text == kDefaultPool || !out.threads->constant() ||
      std::any_of(out.pools.begin(), out.pools.end(), [&](const auto& pool) { return pool.name == own.pool.text; });
  if (!is_known) context.Error(own.pool.span, fmt::format("unknown thread pool \"{}\"", own.pool.text));
  return out;
}

// Behaviour

void FilterAio(Exchange& exchange) {
  if (exchange.response.body.reads() != nullptr) exchange.response.body.MakeSource();
}

bool AioApplies(const site::SettingsSet& settings) { return settings.Get<AioSettings>().threads.has_value(); }

}  // namespace

const site::Module kAio = site::DefineModule<AioSettings, AioDraft, MergeAio>(
    "aio", kAioDirectives, {.filter = FilterAio, .filter_applies = AioApplies});

ThreadPools MakeThreadPools(loop::Loop& loop, const site::SettingsSet& main) {
  std::vector<PoolSpec> specs = main.Get<AioSettings>().pools;
  specs.push_back({.name = std::string(kDefaultPool)});  // unless it is there
  ThreadPools pools;
  for (const PoolSpec& spec : specs) {
    pools.try_emplace(spec.name, loop, spec.threads, spec.max_queue);
  }
  return pools;
}

void ReadByThreads(Exchange& exchange) {
  constexpr std::uint64_t kRange = 512 * 1024;
  const AioSettings& settings = exchange.settings<AioSettings>();
  if (!settings.threads) return;
  const std::string_view name = Evaluate(*settings.threads, exchange);
  const auto pool = exchange.services->thread_pools->find(name);
  const std::uint64_t range = exchange.settings<site::CoreSettings>().sendfile_max_chunk;
  exchange.response.body.ReadBy(new (exchange.arena.Allocate(sizeof(ColdReads), alignof(ColdReads))) ColdReads{
      .exchange = exchange,
      .pool = pool == exchange.services->thread_pools->end() ? nullptr : &pool->second,
      .pool_name = name,
      .range = range == 0 ? kRange : range});
}

}  // namespace colmeia::pipeline
