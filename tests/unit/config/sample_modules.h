// Two modules that stand for all: one row for each kind of setter. The tests of the registry, the applier, the
// reference and the golden errors share them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/applier.h"
#include "config/registry.h"
#include "config/setters.h"
#include "util/clock.h"

namespace colmeia::config {

enum class Tokens { kOff, kOn, kBuild };

// What the main and events contexts say.
struct ProcessDraft {
  std::optional<bool> daemon;
  std::optional<std::uint32_t> workers;
  std::optional<int> priority;
  std::optional<std::string> pid;
  std::optional<std::uint16_t> connections;
};

// What http, server and location say.
struct SiteDraft {
  std::optional<bool> sendfile;
  std::optional<std::string> root;
  std::optional<std::vector<std::string>> index;
  std::optional<std::uint64_t> body_size;
  std::optional<std::uint32_t> buffer_size;
  std::optional<util::Milliseconds> timeout;
  std::optional<util::Milliseconds> max_age;
  std::optional<Tokens> tokens;
  std::vector<std::string> listen;
  std::vector<std::string> names;
  std::vector<std::string> types;  // "extension=type"
};

inline constexpr std::size_t kProcess = 0;  // module indices
inline constexpr std::size_t kSite = 1;

[[nodiscard]] const Registry& SampleRegistry();

// Goes into every block and writes down what it saw.
class SampleHandler : public BlockHandler {
 public:
  explicit SampleHandler(const Applier& applier) : applier_(applier) {}
  void OnBlock(const Node& block, const Registry::Row& row, In context, DraftSet& outer) override;

  std::vector<std::string> seen;       // "server in http"
  std::vector<DraftSet> inner_drafts;  // of the blocks, in the order in which they ended

 private:
  const Applier& applier_;
};

}  // namespace colmeia::config
