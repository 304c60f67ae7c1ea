#include "control/configuration.h"

#include <string_view>
#include <utility>

#include "util/utf8.h"

namespace colmeia::control {

Configuration MakeConfiguration(std::uint64_t generation, std::string source) {
  Configuration out{generation, std::move(source), 0};
  for (std::size_t at = 0; at < out.source.size();) {
    const std::size_t length = util::Utf8CharacterAt(std::string_view(out.source).substr(at));
    if (length == 0) {
      out.source[at] = '?';
      ++out.replaced;
    }
    at += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace colmeia::control
