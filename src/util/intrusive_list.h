// IntrusiveList: a doubly linked list threaded through its members, so that joining and leaving it allocate nothing and
// cost a few writes.
//
//   struct Entry {
//     util::ListLink<Entry> link;
//   };
//   util::IntrusiveList<Entry, &Entry::link> entries;
//   entries.PushBack(entry);
//   for (Entry* one = entries.first(); one != nullptr; one = entries.Next(*one)) ...
//
// It owns nothing. A member stays where it is in memory, is in at most one list for each of its links, and leaves the
// list before it goes.
#pragma once

#include <cstddef>

namespace colmeia::util {

template <class T>
struct ListLink {
  T* previous = nullptr;
  T* next = nullptr;
};

template <class T, ListLink<T> T::*kLink>
class IntrusiveList {
 public:
  IntrusiveList() = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Null when empty.
  [[nodiscard]] T* first() const { return first_; }
  [[nodiscard]] T* last() const { return last_; }
  // The neighbours of a member; null at the end.
  [[nodiscard]] static T* Next(const T& one) { return (one.*kLink).next; }
  [[nodiscard]] static T* Previous(const T& one) { return (one.*kLink).previous; }

  // Each of these REQUIRES that `one` is in no list by this link.
  void PushFront(T& one) { InsertBehind(nullptr, one); }
  void PushBack(T& one) { InsertBehind(last_, one); }
  // Null: at the front.
  void InsertBehind(T* before, T& one) {
    T* const after = before != nullptr ? (before->*kLink).next : first_;
    one.*kLink = {before, after};
    (before != nullptr ? (before->*kLink).next : first_) = &one;
    (after != nullptr ? (after->*kLink).previous : last_) = &one;
    ++size_;
  }

  // REQUIRES: `one` is in this list.
  void Remove(T& one) {
    const ListLink<T> link = one.*kLink;
    (link.previous != nullptr ? (link.previous->*kLink).next : first_) = link.next;
    (link.next != nullptr ? (link.next->*kLink).previous : last_) = link.previous;
    one.*kLink = {};
    --size_;
  }

  // Removes the first one and returns it. REQUIRES: not empty.
  T& PopFront() {
    T& one = *first_;
    Remove(one);
    return one;
  }

  // For a list from the most to the least recently used. REQUIRES: `one` is in this list.
  void MoveToFront(T& one) {
    if (first_ == &one) return;
    Remove(one);
    PushFront(one);
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace colmeia::util
