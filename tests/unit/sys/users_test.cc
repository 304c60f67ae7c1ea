#include "sys/users.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace colmeia::sys {
namespace {

TEST(UsersTest, ResolvesRoot) {
  const Result<User> root = LookUpUser("root");

  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(root->gid, 0U);
  EXPECT_NE(std::find(root->groups.begin(), root->groups.end(), 0U), root->groups.end());
}

TEST(UsersTest, GroupReplacesTheUsersOwn) {
  const Result<gid_t> daemon = LookUpGroup("daemon");
  ASSERT_TRUE(daemon);

  const Result<User> user = LookUpUser("root", "daemon");

  ASSERT_TRUE(user);
  EXPECT_EQ(user->gid, *daemon);
  EXPECT_NE(std::find(user->groups.begin(), user->groups.end(), *daemon), user->groups.end());
}

TEST(UsersTest, UnknownNamesAreToldApart) {
  const Result<User> user = LookUpUser("no-such-user");
  const Result<User> group = LookUpUser("root", "no-such-group");

  ASSERT_FALSE(user);
  EXPECT_EQ(user.error().message, "there is no user \"no-such-user\"");
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().message, "there is no group \"no-such-group\"");
}

}  // namespace
}  // namespace colmeia::sys
