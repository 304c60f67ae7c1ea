// The running configuration over the control socket: GET /config, the text that the current generation was compiled
// from.
//
// It is handed out as the master keeps it and read by the client: the master parses no configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "control/fields.h"

namespace colmeia::control {

struct Configuration {
  // Of `source`. In JSON a byte takes up to six, and a client takes 64 MiB.
  static constexpr std::size_t kMostBytes = 10 * 1024 * 1024;

  std::uint64_t generation = 0;
  std::string source;  // UTF-8, as JSON has to be
  std::uint64_t replaced = 0;

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"generation", "GENERATION", Unit::kNumber, "the current one, which runs it"}, self.generation);
    visit(Field{"source", "SOURCE", Unit::kText, "every file of it, in the form that `src/config/source.h` tells"},
          self.source);
    visit(Field{"replaced", "REPLACED", Unit::kNumber, "bytes that are no UTF-8: each is a question mark in `source`"},
          self.replaced);
  }
  bool operator==(const Configuration&) const = default;
};

// Of a text that may hold any byte. Its length stays, and so do the lengths and offsets that it tells of itself.
[[nodiscard]] Configuration MakeConfiguration(std::uint64_t generation, std::string source);

}  // namespace colmeia::control
