// access: lets clients in or keeps them out by their address (nginx's allow and deny).
//
// Phase: access.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kAccess;

// An `allow` is in force in this place: the operator has said who may come in.
[[nodiscard]] bool HasAllow(const site::SettingsSet& settings);

}  // namespace colmeia::modules
