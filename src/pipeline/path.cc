#include "pipeline/path.h"
#include "pipeline/evaluate.h"

#include <algorithm>
#include <cstring>

#include "pipeline/exchange.h"
#include "site/core_settings.h"

namespace colmeia::pipeline {
namespace {

// How many segments of the path are "..".
int CountClimbs(std::string_view path) {
  int count = 0;
  while (true) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") ++count;
    if (slash == std::string_view::npos) return count;
    path.remove_prefix(slash + 1);
  }
}

// Where the last segment of `text` begins.
std::size_t LastSegment(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

struct RootText {
  std::string_view text;
  std::size_t sure = 0;  // bytes at its beginning that have no variable in them
};

RootText RootOf(Exchange& exchange) {
  const site::CoreSettings& core = exchange.settings<site::CoreSettings>();
  const std::string_view text = Evaluate(core.root, exchange);
  // One given as a plain text was made absolute while compiling; one with variables may still turn out relative.
  if (text.starts_with('/')) return {text, core.root.literal_beginning().size()};
  return {exchange.arena.Concat(core.prefix, text), core.prefix.size()};
}

// Whether more ".." stand behind the beginning that only the operator wrote than the operator wrote there, too.
bool Climbs(const site::CoreSettings& core, std::string_view name, const RootText& root) {
  const int climbs = CountClimbs(name.substr(LastSegment(root.text.substr(0, root.sure))));
  if (climbs == 0) return false;
  return climbs > CountClimbs(core.root.text().substr(LastSegment(core.root.literal_beginning())));
}

// Root or alias, and behind it one after the other `rest` and `name`.
FileName Join(Exchange& exchange, std::string_view rest, std::string_view name) {
  const site::CoreSettings& core = exchange.settings<site::CoreSettings>();
  const RootText root = RootOf(exchange);
  const std::size_t size = root.text.size() + rest.size() + name.size();
  char* const out = exchange.arena.Allocate(size + 1);
  char* const end = std::copy(rest.begin(), rest.end(), std::copy(root.text.begin(), root.text.end(), out));
  *std::copy(name.begin(), name.end(), end) = '\0';
  const std::string_view file(out, size);
  const bool is_sibling = !core.alias && !rest.empty() && !rest.starts_with('/');
  if (is_sibling || Climbs(core, file, root)) return std::nullopt;
  return file;
}

// What of the request's path a file's name ends with.
std::string_view RestOfPath(const Exchange& exchange) {
  const std::string_view path = exchange.request.path;
  const std::optional<std::size_t>& alias = exchange.settings<site::CoreSettings>().alias;
  if (!alias || exchange.path_below_alias) return path;
  return path.substr(std::min(path.size(), *alias));
}

}  // namespace

std::string_view DocumentRoot(Exchange& exchange) { return RootOf(exchange).text; }

FileName MapPath(Exchange& exchange) {
  const site::CoreSettings& core = exchange.settings<site::CoreSettings>();
  // Nearly always: what a client asked for, in a folder whose name has no variable.
  if (!core.alias && core.root.constant() && !exchange.path_made) {
    const std::string_view terminated =
        exchange.arena.Concat(core.root.text(), exchange.request.path, std::string_view("", 1));
    return terminated.substr(0, terminated.size() - 1);
  }
  return Join(exchange, RestOfPath(exchange), {});
}

FileName MapInFolder(Exchange& exchange, std::string_view name) { return Join(exchange, RestOfPath(exchange), name); }

Candidate::Candidate(Exchange& exchange, const site::Template& text) : name_(Evaluate(text, exchange)) {
  const std::optional<std::size_t>& alias = exchange.settings<site::CoreSettings>().alias;
  if (!alias) return;
  form_ = *alias == site::kWholePath ? Form::kWhole : Form::kBelow;
  if (form_ == Form::kWhole) return;
  location_ = exchange.request.path.substr(0, *alias);
  if (!text.constant() && name_.starts_with(location_)) name_.remove_prefix(location_.size());
}

FileName Candidate::Map(Exchange& exchange) const { return Join(exchange, name_, {}); }

void Candidate::Take(Exchange& exchange, bool is_folder) const {
  // A regex location's alias goes on to be the folder, whatever the path.
  if (form_ == Form::kWhole && is_folder) return;
  exchange.request.path = form_ == Form::kBelow ? exchange.arena.Concat(location_, name_) : name_;
  exchange.path_made = true;
  exchange.path_below_alias = form_ == Form::kWhole;
}

}  // namespace colmeia::pipeline
