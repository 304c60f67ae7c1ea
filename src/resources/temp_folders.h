// The folders that workers put temporary files in: made by the master before the workers that need them start.
#pragma once

#include "ipc/plan.h"

namespace colmeia::resources {

// Makes those that are missing, each in a folder that is there, and gives them to the user of workers (0700). What
// cannot be used is a warning and no error: only requests that need it will fail.
void MakeTempFolders(const ipc::Identity& identity);

}  // namespace colmeia::resources
