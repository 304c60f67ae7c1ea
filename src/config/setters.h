// Setters for the members of a Draft, so that most directives need no code of their own:
//
//   struct Draft {
//     std::optional<bool> sendfile;
//     std::optional<std::string> root;
//     std::optional<util::Milliseconds> timeout;
//   };
//
//   SetFlag<&Draft::sendfile>   SetString<&Draft::root>   SetTime<&Draft::timeout>   SetNumber<&Draft::n, 1, 65535>
//   SetSize<&Draft::size>       SetEnum<&Draft::mode, kModes>                        Set<&Function>
//
// The members are std::optional. A second use in the same block is `"root" directive is duplicate`.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/directive.h"
#include "config/drafts.h"
#include "util/clock.h"

namespace colmeia::config {

// A row of the table that SetEnum reads: a word of the configuration and what it means.
template <class E>
struct EnumValue {
  std::string_view word;
  E value;
};

// Nothing, and an error reported, when the argument is not understood. Case does not count, as in nginx.
[[nodiscard]] std::optional<bool> ReadFlag(const Call& call, const Word& word);
[[nodiscard]] std::optional<std::uint64_t> ReadSize(const Call& call, const Word& word, std::uint64_t least,
                                                    std::uint64_t most);
[[nodiscard]] std::optional<util::Milliseconds> ReadTime(const Call& call, const Word& word);
[[nodiscard]] std::optional<std::int64_t> ReadNumber(const Call& call, const Word& word, std::int64_t least,
                                                     std::int64_t most);
[[nodiscard]] std::optional<std::size_t> ReadChoice(const Call& call, const Word& word,
                                                    const std::vector<std::string_view>& choices);

template <class T>
struct MemberTraits;
template <class D, class V>
struct MemberTraits<V D::*> {
  using Draft = D;
  using Value = V;
};
template <class V>
struct OptionalTraits;
template <class T>
struct OptionalTraits<std::optional<T>> {
  using Value = T;
};

template <auto Member>
using DraftOfMember = typename MemberTraits<decltype(Member)>::Draft;
template <auto Member>
using ValueOfMember = typename OptionalTraits<typename MemberTraits<decltype(Member)>::Value>::Value;

// Refuses a second use, asks `read` for the value, stores it.
template <auto Member, class Read>
void StoreOnce(void* draft, const Call& call, Read read) {
  auto& member = static_cast<DraftOfMember<Member>*>(draft)->*Member;
  if (member) return call.Duplicate();
  if (auto value = read(call)) member = static_cast<ValueOfMember<Member>>(*std::move(value));
}

// The functions behind the constants at the end of this file.
template <auto Member>
void ApplyFlag(void* draft, const Call& call) {
  StoreOnce<Member>(draft, call, [](const Call& c) { return ReadFlag(c, c.args()[0]); });
}
template <auto Member>
void ApplyString(void* draft, const Call& call) {
  StoreOnce<Member>(draft, call, [](const Call& c) { return std::optional<std::string>(c.arg(0)); });
}
template <auto Member>
void ApplyStrings(void* draft, const Call& call) {
  StoreOnce<Member>(draft, call, [](const Call& c) {
    std::optional<std::vector<std::string>> all(std::in_place);
    for (const Word& word : c.args()) all->push_back(word.text);
    return all;
  });
}
template <auto Member, std::uint64_t Least, std::uint64_t Most>
void ApplySize(void* draft, const Call& call) {
  StoreOnce<Member>(draft, call, [](const Call& c) { return ReadSize(c, c.args()[0], Least, Most); });
}
template <auto Member>
void ApplyTime(void* draft, const Call& call) {
  StoreOnce<Member>(draft, call, [](const Call& c) { return ReadTime(c, c.args()[0]); });
}
template <auto Member, std::int64_t Least, std::int64_t Most>
void ApplyNumber(void* draft, const Call& call) {
  StoreOnce<Member>(draft, call, [](const Call& c) { return ReadNumber(c, c.args()[0], Least, Most); });
}
template <auto Member, const auto& Table>
void ApplyEnum(void* draft, const Call& call) {
  StoreOnce<Member>(draft, call, [](const Call& c) {
    std::vector<std::string_view> words;
    for (const auto& row : Table) words.push_back(row.word);
    std::optional<ValueOfMember<Member>> value;
    if (const auto index = ReadChoice(c, c.args()[0], words)) value = std::begin(Table)[*index].value;
    return value;
  });
}

template <class T>
struct FunctionTraits;
template <class D>
struct FunctionTraits<void (*)(D&, const Call&)> {
  using Draft = D;
};
template <auto Function>
void ApplyFunction(void* draft, const Call& call) {
  using Draft = typename FunctionTraits<decltype(Function)>::Draft;
  Function(*static_cast<Draft*>(draft), call);
}

template <class Integer>
inline constexpr std::int64_t kLargest = std::in_range<std::int64_t>(std::numeric_limits<Integer>::max())
                                             ? static_cast<std::int64_t>(std::numeric_limits<Integer>::max())
                                             : std::numeric_limits<std::int64_t>::max();

// What a module writes in its rows.

// on | off into optional<bool>.
template <auto Member>
inline constexpr Setter SetFlag{&ApplyFlag<Member>, &kDraftTag<DraftOfMember<Member>>};
// The one argument into optional<string>.
template <auto Member>
inline constexpr Setter SetString{&ApplyString<Member>, &kDraftTag<DraftOfMember<Member>>};
// All arguments into optional<vector<string>>.
template <auto Member>
inline constexpr Setter SetStrings{&ApplyStrings<Member>, &kDraftTag<DraftOfMember<Member>>};
// A size in bytes into an optional integer.
template <auto Member, std::uint64_t Least = 0,
          std::uint64_t Most = static_cast<std::uint64_t>(kLargest<ValueOfMember<Member>>)>
inline constexpr Setter SetSize{&ApplySize<Member, Least, Most>, &kDraftTag<DraftOfMember<Member>>};
// A time into optional<Milliseconds>.
template <auto Member>
inline constexpr Setter SetTime{&ApplyTime<Member>, &kDraftTag<DraftOfMember<Member>>};
// A whole number within bounds into an optional integer.
template <auto Member, std::int64_t Least = 0, std::int64_t Most = kLargest<ValueOfMember<Member>>>
inline constexpr Setter SetNumber{&ApplyNumber<Member, Least, Most>, &kDraftTag<DraftOfMember<Member>>};
// One of the words of a constexpr array of EnumValue into an optional of their type.
template <auto Member, const auto& Table>
inline constexpr Setter SetEnum{&ApplyEnum<Member, Table>, &kDraftTag<DraftOfMember<Member>>};
// The module's own function, void(Draft&, const Call&). It reports mistakes through the Call.
template <auto Function>
inline constexpr Setter Set{&ApplyFunction<Function>, &kDraftTag<typename FunctionTraits<decltype(Function)>::Draft>};
// Accepts the arguments and forgets them.
inline constexpr Setter SetNothing{[](void*, const Call&) {}, nullptr};
// The same for what does nothing here: the operator is told once that it does not.
inline constexpr Setter SetIgnored{[](void*, const Call& call) { call.Ignored(); }, nullptr};

}  // namespace colmeia::config
