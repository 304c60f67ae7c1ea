// The state of the hive as one JSON object, in one line; hive.md describes its members.
#pragma once

#include <string>

#include "modules/hive_facts.h"

namespace colmeia::modules {

[[nodiscard]] std::string HiveJson(const HiveFacts& facts);

}  // namespace colmeia::modules
