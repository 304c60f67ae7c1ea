// The rules of nginx's allow and deny in one place of the configuration. modules/access reads and applies them;
// modules/hive asks whether the operator has named clients that may come in.
#pragma once

#include <vector>

#include "sys/network.h"

namespace colmeia::site {

struct AccessRule {
  // The clients that a rule is about.
  enum class Who {
    kAll,   // every client
    kUnix,  // clients of Unix sockets
    kIp,    // clients whose address begins with the same bits
  };

  bool allow = false;
  Who who = Who::kAll;
  sys::Network network{};  // of kIp
};

struct AccessSettings {
  std::vector<AccessRule> rules;  // in order; the first one that is about the client decides

  // An `allow` is in force: the operator has named clients that may come in.
  [[nodiscard]] bool HasAllow() const {
    for (const AccessRule& rule : rules) {
      if (rule.allow) return true;
    }
    return false;
  }
};

}  // namespace colmeia::site
