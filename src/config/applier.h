// Applier: checks the directives of one block against the registry and gives them to their setters.
//
// It does not go into blocks by itself: a block with a setter (`types`) is its module's affair, every other one
// (`http`, `server`, `location`) is handed to the caller, which makes the Drafts of the inner block and calls Apply for
// it.
//
// A directive whose words go on with the name of another directive, most often on the next line, lacks its `;` (or its
// `{`): that is told, and both are understood.
//
//   class SiteBuilder : public BlockHandler {
//     void OnBlock(const Node& block, const Registry::Row& row, In context, DraftSet& outer) override {
//       DraftSet inner = registry_.NewDrafts();
//       applier_.Apply(block.children, In::kServer, inner, *this); ...
#pragma once

#include <cstddef>
#include <deque>
#include <span>

#include "config/diagnostic.h"
#include "config/drafts.h"
#include "config/progress.h"
#include "config/registry.h"
#include "config/source.h"
#include "config/tree.h"

namespace colmeia::config {

// The caller, which goes into the blocks.
class BlockHandler {
 public:
  virtual ~BlockHandler() = default;
  // `block` stands in `context`, where it may stand, with the right number of arguments. It lives as long as the nodes
  // that were given to Apply and the applier. `outer` are the Drafts of the block around it.
  virtual void OnBlock(const Node& block, const Registry::Row& row, In context, DraftSet& outer) = 0;
};

class Applier {
 public:
  // All must outlive the applier; `progress` may be null.
  Applier(const Registry& registry, const Source& source, Diagnostics& diagnostics, Progress* progress = nullptr)
      : registry_(registry), source_(source), diagnostics_(diagnostics), progress_(progress) {}

  // Every mistake is reported and the next directive is looked at.
  void Apply(std::span<const Node> nodes, In context, DraftSet& drafts, BlockHandler& handler) const;

  [[nodiscard]] const Registry& registry() const { return registry_; }
  [[nodiscard]] const Source& source() const { return source_; }
  [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  void ApplyOne(const Node& node, std::span<const Node> siblings, In context, DraftSet& drafts,
                BlockHandler& handler) const;
  // What of a directive is still to be split. Nothing is copied before it is known what it is.
  struct Rest {
    std::span<const Word> words;  // never empty
    bool block = false;           // ended by { } and not by ;

    [[nodiscard]] const Word& name() const { return words.front(); }
  };
  // How a directive is split whose words hold another one. Words are counted from the beginning of the rest.
  struct Split {
    std::size_t at = 0;       // the word that begins the other directive; 0 = there is none
    bool is_certain = false;  // else its words would do as arguments
  };
  [[nodiscard]] Split FindSplit(Rest rest, In context) const;
  [[nodiscard]] bool StartsLine(Rest rest, std::size_t word) const;
  // Whether the word is written as the name of a directive: one of `context`, or any.
  [[nodiscard]] bool IsName(const Word& word, In context) const;
  [[nodiscard]] bool IsAnyName(Rest rest, std::size_t word) const;
  // Whether both parts of a split can stand in the context as they are, but for what is missing later on.
  [[nodiscard]] bool IsPlausible(Rest rest, std::size_t at, In context) const;
  // Whether the directive's own setter refuses the arguments. Of more words than kMostAsked it is not asked.
  [[nodiscard]] bool IsRefused(Rest rest, const Registry::Row& row, In context) const;
  void ReportSplit(Rest rest, Split split, In context) const;

  const Registry& registry_;
  const Source& source_;
  Diagnostics& diagnostics_;
  Progress* progress_;
  // What split directives were taken for. Handlers keep pointers to them: a deque moves none.
  mutable std::deque<Node> parts_;
};

}  // namespace colmeia::config
