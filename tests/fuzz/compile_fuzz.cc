// Feeds any bytes to the whole compiler of configurations: text to tree to site to plan. Nothing may crash, hang or
// reach for memory that is gone; a text without an error makes a site, and the same text always the same judgement.
//
// Files are read as far as the text itself is one: `include` of what the fuzzer thinks of would read the machine.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/modules.h"
#include "app/plan.h"
#include "app/site_advice.h"
#include "config/effective.h"
#include "config/load.h"
#include "ipc/codec.h"
#include "site/builder.h"
#include "sys/files.h"
#include "sys/memfd.h"
#include "util/check.h"

namespace colmeia::app {
namespace {

// Every name is this machine's, and none asks a name server.
class LoopbackResolver final : public site::Resolver {
 public:
  Result<std::vector<sys::Address>> Resolve(const std::string& text) override {
    const std::size_t colon = text.rfind(':');
    auto address =
        sys::Address::ParseListen(colon == std::string::npos ? "127.0.0.1:80" : "127.0.0.1" + text.substr(colon));
    if (!address) return Fail("host not found in \"" + text + "\"");
    return std::vector<sys::Address>{*address};
  }
};

config::Source Read(std::string_view text, config::Diagnostics& diagnostics) {
  if (text.find("include") == std::string_view::npos) {
    const auto file = sys::SealedMemfd("fuzz", text);
    CHECK(file.has_value());
    return config::Load({.prefix = "/nowhere/",
                         .conf_path = fmt::format("/proc/self/fd/{}", file->get()),
                         .extra_directives = "",
                         .error_log = ""},
                        diagnostics);
  }
  config::Source source = config::Source::FromText("/nowhere/fuzz.conf", std::string(text));
  source.prefix = "/nowhere/";
  source.conf_path = "/nowhere/fuzz.conf";
  return source;
}

// Everything that is said about the text.
std::string Judge(std::string_view text) {
  config::Diagnostics diagnostics;
  const config::Source source = Read(text, diagnostics);
  LoopbackResolver resolver;
  const auto site = site::BuildSite(source, {.modules = &Modules(), .resolver = &resolver}, diagnostics);
  CHECK((site == nullptr) == diagnostics.HasErrors());
  if (site != nullptr) {
    Advise(source, *site, diagnostics);
  }
  // These take longer than all the rest: the plan asks the machine for its users, CPUs and kernel, and the page lists
  // every default.
  const bool is_chosen = text.size() % 16 == 0;
  if (is_chosen) (void)config::Effective(source, Modules().registry());
  if (site != nullptr && is_chosen) {
    const ipc::Plan plan = MakePlan(*site, source, diagnostics);
    ipc::Plan copy;
    CHECK(ipc::Decode(ipc::Encode(plan), copy));
  }
  CHECK(config::Source::Parse(source.Serialise()).has_value());
  return diagnostics.Render();
}

}  // namespace
}  // namespace colmeia::app

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string judgement = colmeia::app::Judge(text);
  // Another number of the descriptor would be another name of the file.
  CHECK(colmeia::app::Judge(text).size() == judgement.size());
  return 0;
}
