#include "modules/hash_sizes.h"

#include <cstdint>
#include <optional>

#include "config/setters.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Directive;
using config::In;

struct Settings {};

// Read and checked, so that a slip of the pen is told, and then forgotten.
struct Draft {
  std::optional<std::uint32_t> types_max;
  std::optional<std::uint32_t> types_bucket;
  std::optional<std::uint32_t> names_max;
  std::optional<std::uint32_t> names_bucket;
  std::optional<std::uint32_t> variables_max;
  std::optional<std::uint32_t> variables_bucket;
  std::optional<std::uint32_t> map_max;
  std::optional<std::uint32_t> map_bucket;
};

// Directives

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;
constexpr std::string_view kDoc = "Accepted without effect: tables size themselves.";

constexpr Directive kDirectives[] = {
    {.name = "types_hash_max_size",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::types_max, 1>,
     .syntax = "size",
     .default_value = "1024",
     .doc = kDoc},
    {.name = "types_hash_bucket_size",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::types_bucket, 1>,
     .syntax = "size",
     .default_value = "64",
     .doc = kDoc},
    {.name = "server_names_hash_max_size",
     .contexts = In::kHttp,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::names_max, 1>,
     .syntax = "size",
     .default_value = "512",
     .doc = kDoc},
    {.name = "server_names_hash_bucket_size",
     .contexts = In::kHttp,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::names_bucket, 1>,
     .syntax = "size",
     .default_value = "64",
     .doc = kDoc},
    {.name = "variables_hash_max_size",
     .contexts = In::kHttp,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::variables_max, 1>,
     .syntax = "size",
     .default_value = "1024",
     .doc = kDoc},
    {.name = "variables_hash_bucket_size",
     .contexts = In::kHttp,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::variables_bucket, 1>,
     .syntax = "size",
     .default_value = "64",
     .doc = kDoc},
    {.name = "map_hash_max_size",
     .contexts = In::kHttp,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::map_max, 1>,
     .syntax = "size",
     .default_value = "2048",
     .doc = kDoc},
    {.name = "map_hash_bucket_size",
     .contexts = In::kHttp,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::map_bucket, 1>,
     .syntax = "size",
     .default_value = "64",
     .doc = kDoc},
};

// Merge

Settings Merge(const Settings&, const Draft&, site::MergeContext&) { return {}; }

}  // namespace

// Export

const site::Module kHashSizes = site::DefineModule<Settings, Draft, Merge>("hash_sizes", kDirectives);

}  // namespace colmeia::modules
