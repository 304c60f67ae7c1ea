// Recency: a list of nodes from the most to the least recently used, threaded through the nodes themselves.
//
// It owns nothing. A Node has the members `Node* newer` and `Node* older`, both null while it is in no list, stays
// where it is in memory, and leaves the list before it goes.
#pragma once

namespace colmeia::files {

template <class Node>
class Recency {
 public:
  // REQUIRES: the node is in no list.
  void Add(Node& node) {
    node.older = newest_;
    if (newest_ != nullptr) newest_->newer = &node;
    newest_ = &node;
    if (oldest_ == nullptr) oldest_ = &node;
  }

  void Remove(Node& node) {
    (node.newer != nullptr ? node.newer->older : newest_) = node.older;
    (node.older != nullptr ? node.older->newer : oldest_) = node.newer;
    node.newer = nullptr;
    node.older = nullptr;
  }

  // The node was used just now.
  void Touch(Node& node) {
    if (newest_ == &node) return;
    Remove(node);
    Add(node);
  }

  // Null when empty.
  [[nodiscard]] Node* oldest() const { return oldest_; }

 private:
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
};

}  // namespace colmeia::files
