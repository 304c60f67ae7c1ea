// What Merge of a module may ask for while one block is built: the builder's side of MergeContext (module.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostic.h"
#include "config/directive.h"
#include "config/source.h"
#include "config/tree.h"
#include "site/module.h"
#include "site/site.h"
#include "site/zones.h"

namespace colmeia::site {

// The logs of a site by ordinal, filled while settings merge.
struct Logs {
  std::vector<LogFile> files;
  std::vector<std::vector<ErrorLogTarget>> error_logs;
};

// An unnamed location that a block asked for, still empty.
struct Inner {
  Location* location = nullptr;        // the block's own
  const config::Node* node = nullptr;  // what it is made of
};

class BlockContext final : public MergeContext {
 public:
  // What all blocks of a configuration share. All of it outlives the context.
  struct Shared {
    const config::Source& source;
    config::Diagnostics& diagnostics;
    const VariableNames& names;
    Logs& logs;
    ZoneList& zones;
  };

  // `location` is null in blocks that are none; it outlives the context.
  BlockContext(const Shared& shared, config::In block, Location* location)
      : shared_(shared), block_(block), location_(location) {}

  Template Compile(const PlacedText& text) override;
  Template Declare(const PlacedText& text) override;
  void Use(const Template& declared) override { needs_body_ = needs_body_ || declared.needs_body(); }
  std::optional<Regex> CompileRegex(const PlacedText& pattern, bool ignore_case) override;
  Assignable FindAssignable(const PlacedText& name) override;
  OwnVariable* MakeVariable(const PlacedText& name) override;
  const Location* AddInner(const config::Node& block) override;
  void Error(config::Span span, std::string message) override;
  void Warn(config::Span span, std::string message) override;
  std::uint32_t AddLog(std::string_view path, config::Span span) override;
  std::uint32_t AddErrorLog(const std::vector<std::pair<std::uint32_t, int>>& targets) override;
  ZoneList& zones() override { return shared_.zones; }

  [[nodiscard]] std::string FromPrefix(std::string_view path) const override;
  [[nodiscard]] std::string FromConf(std::string_view path) const override;
  [[nodiscard]] const std::string& prefix() const override { return shared_.source.prefix; }
  [[nodiscard]] const std::string& error_log_option() const override { return shared_.source.error_log; }
  [[nodiscard]] config::In block() const override { return block_; }
  [[nodiscard]] LocationKind location_kind() const override { return location_->kind; }
  [[nodiscard]] const std::string& location_name() const override { return location_->name; }

  // Some text that is used here names a variable that has no value before the request's body is collected.
  [[nodiscard]] bool needs_body() const { return needs_body_; }
  // What AddInner() has made, to be filled when the block's settings are there.
  [[nodiscard]] const std::vector<Inner>& inner() const { return inner_; }

 private:
  const Shared& shared_;
  config::In block_;
  Location* location_;
  std::vector<Inner> inner_;
  bool needs_body_ = false;
};

}  // namespace colmeia::site
