#include "files/path_table.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace colmeia::files {
namespace {

struct Entry {
  std::string path;
  int value = 0;
};

TEST(PathTableTest, FindsWhatWasAddedAndNothingElse) {
  PathTable<Entry> table;
  EXPECT_EQ(table.Find("/a"), nullptr);
  Entry& a = table.Add("/a");
  EXPECT_EQ(table.Find("/a"), &a);
  EXPECT_EQ(table.Find("/b"), nullptr);
  table.Erase(a);
  EXPECT_EQ(table.Find("/a"), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(PathTableTest, AgreesWithAMapThroughThousandsOfChanges) {
  PathTable<Entry> table;
  std::map<std::string, Entry*> expected;
  std::mt19937 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const std::string path = "/" + std::to_string(random() % 600);
    Entry* const found = table.Find(path);
    const auto at = expected.find(path);
    ASSERT_EQ(found, at == expected.end() ? nullptr : at->second) << path;
    if (found == nullptr) {
      expected[path] = &table.Add(path);
    } else if (random() % 2 == 0) {
      table.Erase(*found);
      expected.erase(at);
    }
    ASSERT_EQ(table.size(), expected.size());
  }
  std::size_t visited = 0;
  table.ForEach([&](const Entry& entry) { visited += expected.at(entry.path) == &entry ? 1 : 0; });
  EXPECT_EQ(visited, expected.size());
}

}  // namespace
}  // namespace colmeia::files
