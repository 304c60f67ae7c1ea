#include "util/intrusive_list.h"

#include <algorithm>
#include <list>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Member {
  int number = 0;
  ListLink<Member> link{};
  ListLink<Member> other{};
};

using List = IntrusiveList<Member, &Member::link>;

// The numbers from the front on, which are those from the back on in reverse.
template <class AnyList>
std::vector<int> Numbers(const AnyList& list) {
  std::vector<int> out;
  for (const Member* one = list.first(); one != nullptr; one = list.Next(*one)) out.push_back(one->number);
  std::vector<int> back;
  for (const Member* one = list.last(); one != nullptr; one = list.Previous(*one)) back.push_back(one->number);
  std::reverse(back.begin(), back.end());
  EXPECT_EQ(out, back);
  EXPECT_EQ(out.size(), list.size());
  EXPECT_EQ(out.empty(), list.empty());
  return out;
}

class IntrusiveListTest : public testing::Test {
 protected:
  Member one{1};
  Member two{2};
  Member three{3};
  List list;
};

TEST_F(IntrusiveListTest, IsEmptyAtFirst) {
  EXPECT_THAT(Numbers(list), IsEmpty());
  EXPECT_EQ(list.first(), nullptr);
  EXPECT_EQ(list.last(), nullptr);
}

TEST_F(IntrusiveListTest, GrowsAtBothEnds) {
  list.PushBack(two);
  list.PushBack(three);
  list.PushFront(one);

  EXPECT_THAT(Numbers(list), ElementsAre(1, 2, 3));
}

TEST_F(IntrusiveListTest, InsertsBehindAnyMember) {
  list.PushBack(one);
  list.InsertBehind(&one, three);
  list.InsertBehind(&one, two);
  EXPECT_THAT(Numbers(list), ElementsAre(1, 2, 3));

  Member zero{0};
  list.InsertBehind(nullptr, zero);
  EXPECT_THAT(Numbers(list), ElementsAre(0, 1, 2, 3));
}

TEST_F(IntrusiveListTest, AMemberLeavesFromAnyPlaceAndMayJoinAgain) {
  for (Member* const gone : {&one, &two, &three}) {
    List some;
    some.PushBack(one);
    some.PushBack(two);
    some.PushBack(three);
    some.Remove(*gone);
    EXPECT_EQ(some.size(), 2u);
    EXPECT_EQ(gone->link.next, nullptr);
    EXPECT_EQ(gone->link.previous, nullptr);
    some.PushBack(*gone);
    EXPECT_EQ(Numbers(some).back(), gone->number);
    while (!some.empty()) some.PopFront();
  }
}

TEST_F(IntrusiveListTest, PopsFromTheFront) {
  list.PushBack(one);
  list.PushBack(two);

  EXPECT_EQ(&list.PopFront(), &one);
  EXPECT_EQ(&list.PopFront(), &two);
  EXPECT_THAT(Numbers(list), IsEmpty());
}

TEST_F(IntrusiveListTest, TheOneThatWasUsedLastStandsInFront) {
  list.PushBack(one);
  list.PushBack(two);
  list.PushBack(three);

  list.MoveToFront(one);
  EXPECT_THAT(Numbers(list), ElementsAre(1, 2, 3));
  list.MoveToFront(three);
  EXPECT_THAT(Numbers(list), ElementsAre(3, 1, 2));
  list.MoveToFront(one);
  EXPECT_THAT(Numbers(list), ElementsAre(1, 3, 2));
}

TEST_F(IntrusiveListTest, AMemberIsInOneListForEachLink) {
  IntrusiveList<Member, &Member::other> others;
  list.PushBack(one);
  list.PushBack(two);
  others.PushBack(two);
  others.PushBack(one);

  list.Remove(one);

  EXPECT_THAT(Numbers(list), ElementsAre(2));
  EXPECT_THAT(Numbers(others), ElementsAre(2, 1));
}

TEST_F(IntrusiveListTest, DoesWhatAListOfTheStandardLibraryDoes) {
  std::mt19937 random(1);
  std::vector<Member> members(20);
  for (int i = 0; i < 20; ++i) members[static_cast<std::size_t>(i)].number = i;
  std::list<int> model;
  for (int step = 0; step < 5000; ++step) {
    Member& chosen = members[random() % members.size()];
    const auto at = std::find(model.begin(), model.end(), chosen.number);
    if (at == model.end()) {
      const bool front = random() % 2 == 0;
      front ? list.PushFront(chosen) : list.PushBack(chosen);
      front ? model.push_front(chosen.number) : model.push_back(chosen.number);
    } else if (random() % 2 == 0) {
      list.Remove(chosen);
      model.erase(at);
    } else {
      list.MoveToFront(chosen);
      model.splice(model.begin(), model, at);
    }
    ASSERT_EQ(Numbers(list), std::vector<int>(model.begin(), model.end()));
  }
}

}  // namespace
}  // namespace colmeia::util
