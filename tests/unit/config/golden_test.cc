// Each tests/golden/config/NNN.conf is checked as a whole configuration, and everything said about it is compared with
// NNN.err. With COLMEIA_GOLDEN=write in the environment the .err files are written anew, to be read before committing.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/load.h"
#include "sample_modules.h"

namespace colmeia::config {
namespace {

const std::string kFolder = COLMEIA_SOURCE_DIR "/tests/golden/config/";

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> Cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".conf") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Check(const std::string& name) {
  Diagnostics diagnostics;
  const Source source = Load({kFolder, name + ".conf", "", ""}, diagnostics);
  const Applier applier(SampleRegistry(), source, diagnostics);
  SampleHandler handler(applier);
  DraftSet drafts = SampleRegistry().NewDrafts();
  applier.Apply(ParseTree(source, diagnostics), In::kMain, drafts, handler);
  std::string out = diagnostics.Render();
  for (std::size_t at = out.find(kFolder); at != std::string::npos; at = out.find(kFolder))
    out.erase(at, kFolder.size());
  return out;
}

class ConfigGoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(ConfigGoldenTest, SaysExactlyThis) {
  const std::string errors = Check(GetParam());
  const std::string path = kFolder + GetParam() + ".err";
  const char* const mode = std::getenv("COLMEIA_GOLDEN");
  if (mode != nullptr && std::string(mode) == "write") std::ofstream(path) << errors;

  ASSERT_TRUE(std::filesystem::exists(path)) << "missing; it would hold:\n" << errors;
  EXPECT_EQ(errors, ReadText(path));
}

INSTANTIATE_TEST_SUITE_P(All, ConfigGoldenTest, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<std::string>& test) { return test.param; });

}  // namespace
}  // namespace colmeia::config
