// Feeds any bytes to the configuration's lexer, parser, checks and serialised form. Nothing may crash or hang, every
// span must lie within the text, and a tree must not depend on whether its text was serialised in between.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/applier.h"
#include "config/lexer.h"
#include "config/setters.h"
#include "config/tree.h"
#include "util/check.h"
#include "util/clock.h"

namespace colmeia::config {
namespace {

struct Draft {
  std::optional<bool> flag;
  std::optional<std::uint64_t> size;
  std::optional<util::Milliseconds> time;
  std::optional<int> number;
};

// Short names, so that the fuzzer finds them soon.
constexpr Directive kRows[] = {
    {"f", kAnywhere, Flag, SetFlag<&Draft::flag>, "on | off", "", "A flag."},
    {"s", kAnywhere, Args(1), SetSize<&Draft::size>, "size", "", "A size."},
    {"t", kAnywhere, Args(1), SetTime<&Draft::time>, "time", "", "A time."},
    {"n", kAnywhere, Args(1), SetNumber<&Draft::number, -20, 20>, "number", "", "A number."},
    {"b", kAnywhere, Args(0, 2), {}, "", "", "A block.", Form::kBlock},
};

class Descend : public BlockHandler {
 public:
  explicit Descend(const Applier& applier) : applier_(applier) {}
  void OnBlock(const Node& block, const Registry::Row&, In context, DraftSet&) override {
    DraftSet inner = applier_.registry().NewDrafts();
    applier_.Apply(block.children, context, inner, *this);
  }

 private:
  const Applier& applier_;
};

void CheckSpans(std::string_view text) {
  Lexer lexer(text);
  std::size_t at = 0;
  for (Token token = lexer.Next(); token.kind != TokenKind::kEnd; token = lexer.Next()) {
    CHECK(token.span.offset >= at && token.span.end() <= text.size());
    if (token.kind != TokenKind::kError) at = token.span.end();
  }
}

// Everything that is said about the source.
std::string Judge(const Source& source) {
  static const Registry registry({{"fuzz", kRows, DraftOf<Draft>()}});
  Diagnostics diagnostics;
  const std::vector<Node> tree = ParseTree(source, diagnostics);
  const Applier applier(registry, source, diagnostics);
  Descend descend(applier);
  DraftSet drafts = registry.NewDrafts();
  applier.Apply(tree, In::kMain, drafts, descend);
  return diagnostics.Render();
}

void Feed(std::string_view text) {
  CheckSpans(text);
  const Source source = Source::FromText("fuzz", std::string(text));
  const std::string judgement = Judge(source);
  const auto copy = Source::Parse(source.Serialise());
  CHECK(copy.has_value());
  CHECK(Judge(*copy) == judgement);

  if (const auto unsupported = Source::Parse(text)) (void)Judge(*unsupported);
}

}  // namespace
}  // namespace colmeia::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  colmeia::config::Feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
