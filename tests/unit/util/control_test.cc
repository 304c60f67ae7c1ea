#include "util/control.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

TEST(ControlTest, OnlyControlCharactersAreFound) {
  for (int c = 0; c < 256; ++c) {
    std::string text(16, static_cast<char>(c));
    const bool found = FindControl(text.data(), text.data() + text.size()) == text.data();

    EXPECT_EQ(found, c < 0x20 || c == 0x7f) << c;
  }
}

TEST(ControlTest, IsFoundAtEveryPlaceOfTextsOfEveryLength) {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t place = 0; place <= size; ++place) {
      std::string text(size, 'x');
      if (place < size) text[place] = '\n';
      EXPECT_EQ(FindControl(text.data(), text.data() + size), text.data() + place) << place << " of " << size;
    }
  }
}

}  // namespace
}  // namespace colmeia::util
