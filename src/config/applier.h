// Applier: checks the directives of one block against the registry and gives them to their setters.
//
// It does not go into blocks by itself: a block with a setter (`types`) is its module's affair, every other one
// (`http`, `server`, `location`) is handed to the caller, who makes the Drafts of the inner block and calls Apply for
// it.
//
//   class SiteBuilder : public BlockHandler {
//     void OnBlock(const Node& block, const Registry::Row& row, In context, DraftSet& outer) override {
//       DraftSet inner = registry_.NewDrafts();
//       applier_.Apply(block.children, In::kServer, inner, *this); ...
#pragma once

#include <span>

#include "config/diagnostic.h"
#include "config/drafts.h"
#include "config/registry.h"
#include "config/source.h"
#include "config/tree.h"

namespace colmeia::config {

// Who goes into the blocks.
class BlockHandler {
 public:
  virtual ~BlockHandler() = default;
  // `block` stands in `context`, where it may stand, with the right number of arguments. `outer` are the Drafts of the
  // block around it.
  virtual void OnBlock(const Node& block, const Registry::Row& row, In context, DraftSet& outer) = 0;
};

class Applier {
 public:
  // All three must outlive the applier.
  Applier(const Registry& registry, const Source& source, Diagnostics& diagnostics)
      : registry_(registry), source_(source), diagnostics_(diagnostics) {}

  // Every mistake is reported and the next directive is looked at.
  void Apply(std::span<const Node> nodes, In context, DraftSet& drafts, BlockHandler& handler) const;

  [[nodiscard]] const Registry& registry() const { return registry_; }
  [[nodiscard]] const Source& source() const { return source_; }
  [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  void ApplyOne(const Node& node, std::span<const Node> siblings, In context, DraftSet& drafts,
                BlockHandler& handler) const;
  // The index of the word that starts a directive of its own on a later line, or 0.
  [[nodiscard]] std::size_t MissingSemicolon(const Node& node, In context) const;

  const Registry& registry_;
  const Source& source_;
  Diagnostics& diagnostics_;
};

}  // namespace colmeia::config
