// Names of users and groups resolved to numbers.
//
// It asks the name service, which may be slow and may load libraries: only the compiler child calls it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "util/result.h"

namespace colmeia::sys {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;              // the group asked for, or the user's own
  std::vector<gid_t> groups;  // as initgroups(3) would set them, `gid` among them

  bool operator==(const User&) const = default;
};

// The `user` directive: a user's name, and a group's name or "" for the user's primary group.
[[nodiscard]] Result<User> LookUpUser(const std::string& user, const std::string& group = "");

[[nodiscard]] Result<gid_t> LookUpGroup(const std::string& name);

}  // namespace colmeia::sys
