// The files of the hive's page (hive_page/), embedded into the program at build time by src/embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace colmeia::modules {

struct HiveAsset {
  std::string_view name;  // "hive.js"
  std::string_view etag;  // of its bytes, with quotes
  std::string_view bytes;
};

// Sorted by name. Everything lives as long as the program.
[[nodiscard]] std::span<const HiveAsset> HiveAssets();

}  // namespace colmeia::modules
