// The entries of a folder, for a page that lists them. It reads the disk each time and may block as long as that takes.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "files/file.h"

namespace colmeia::files {

struct DirectoryEntry {
  std::string name;
  Kind kind = Kind::kOther;
  std::uint64_t size = 0;
  std::time_t modified = 0;
};

struct Listing {
  std::vector<DirectoryEntry> entries;  // in no order
  int error = 0;                        // errno of opening or reading the folder
};

// Names that begin with a dot are left out, as are entries that vanish or may not be looked at meanwhile. Links are
// followed; one that leads nowhere is listed as itself. REQUIRES: the path is NUL-terminated one byte past its end.
[[nodiscard]] Listing ListDirectory(std::string_view path);

}  // namespace colmeia::files
