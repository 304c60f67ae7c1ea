#include "sys/title.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace colmeia::sys {

namespace {

// The memory of argv's and the environment's strings, which the kernel shows as the command line.
struct TitleArea {
  char* start = nullptr;
  std::size_t size = 0;
};

TitleArea& Area() {
  static TitleArea area;
  return area;
}

// What the environment points to once its strings have moved; lives as long as the process.
struct MovedEnvironment {
  std::vector<std::string> strings;
  std::vector<char*> pointers;
};

void MoveEnvironment() {
  static MovedEnvironment* moved = nullptr;
  auto fresh = std::make_unique<MovedEnvironment>();
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) fresh->strings.emplace_back(*at);
  for (std::string& text : fresh->strings) fresh->pointers.push_back(text.data());
  fresh->pointers.push_back(nullptr);
  environ = fresh->pointers.data();
  delete moved;
  moved = fresh.release();
}

// glibc's own messages name the program by a pointer into argv.
void KeepProgramName() {
  static std::string name;
  name = program_invocation_name;
  const std::size_t slash = name.rfind('/');
  program_invocation_name = name.data();
  program_invocation_short_name = name.data() + (slash == std::string::npos ? 0 : slash + 1);
}

}  // namespace

void InitTitle(int argc, char** argv) {
  SetProcessName();
  if (argc < 1 || argv == nullptr || argv[0] == nullptr) return;
  char* const start = argv[0];
  char* end = start;
  // The strings stand one after the other; one that does not is somebody else's.
  for (int i = 0; i < argc && argv[i] == end; ++i) end += strlen(argv[i]) + 1;
  for (char** at = environ; at != nullptr && *at != nullptr && *at == end; ++at) end += strlen(*at) + 1;
  KeepProgramName();
  MoveEnvironment();
  Area() = TitleArea{start, static_cast<std::size_t>(end - start)};
}

void SetTitle(std::string_view title) {
  const TitleArea& area = Area();
  if (area.size == 0) return;
  // The last byte stays null: otherwise the kernel would look for the title's end beyond (proc_pid_cmdline(5)).
  const std::size_t length = std::min(title.size(), area.size - 1);
  std::copy_n(title.data(), length, area.start);
  std::fill_n(area.start + length, area.size - length, '\0');
  SetProcessName();
}

void SetProcessName() { prctl(PR_SET_NAME, "colmeia", 0, 0, 0); }

}  // namespace colmeia::sys
