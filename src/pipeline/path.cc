#include "pipeline/path.h"

#include <algorithm>
#include <cstring>

#include "pipeline/core_settings.h"
#include "pipeline/exchange.h"

namespace colmeia::pipeline {
namespace {

// A root given as a plain text was made absolute while compiling; one with variables may still turn out relative.
std::string_view Absolute(Exchange& exchange, std::string_view root) {
  const CoreSettings& core = exchange.settings<CoreSettings>();
  return root.starts_with('/') ? root : exchange.arena.Concat(core.prefix, root);
}

}  // namespace

std::string_view DocumentRoot(Exchange& exchange) {
  return Absolute(exchange, exchange.settings<CoreSettings>().root.Evaluate(exchange));
}

std::string_view MapPath(Exchange& exchange, std::string_view path) {
  const CoreSettings& core = exchange.settings<CoreSettings>();
  const std::string_view root = DocumentRoot(exchange);
  const std::string_view rest = path.substr(std::min(path.size(), core.alias.value_or(0)));
  const std::size_t size = root.size() + rest.size();
  char* const out = exchange.arena.Allocate(size + 1);
  std::memcpy(out, root.data(), root.size());
  if (!rest.empty()) std::memcpy(out + root.size(), rest.data(), rest.size());  // a refused request has no path
  out[size] = '\0';
  return {out, size};
}

}  // namespace colmeia::pipeline
