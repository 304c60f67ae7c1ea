#include "config/load.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/tree.h"

namespace colmeia::config {
namespace {

using testing::HasSubstr;

class LoadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "colmeia-load-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name + "/";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder + path).parent_path());
    std::ofstream(folder + path) << text;
  }

  // The mistakes, with the temporary folder left out.
  std::string Mistakes() {
    std::string out = diagnostics.Render();
    for (std::size_t at = out.find(folder); at != std::string::npos; at = out.find(folder))
      out.erase(at, folder.size());
    return out;
  }

  // The text of main.conf and -g, every run of white space as one space.
  std::string LoadText(const std::string& extra = "") {
    source = Load({folder, "main.conf", extra, ""}, diagnostics);
    std::string out;
    for (const char c : source.text()) {
      const char shown = c == '\n' ? ' ' : c;
      if (shown != ' ' || (!out.empty() && out.back() != ' ')) out += shown;
    }
    return out;
  }

  std::string folder;
  Source source;
  Diagnostics diagnostics;
};

TEST_F(LoadTest, ReadsOneFile) {
  Write("main.conf", "user www;\n");

  EXPECT_EQ(LoadText(), "user www; ");
  EXPECT_EQ(source.conf_path, folder + "main.conf");
  EXPECT_EQ(source.prefix, folder);
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadTest, PutsIncludedFilesInTheirPlace) {
  Write("main.conf", "a; include one.conf; b;\nhttp { include one.conf; types { include one.conf; } }");
  Write("one.conf", "x 1;");

  EXPECT_EQ(LoadText(), "a; x 1; b; http { x 1; types { x 1; } }");
  EXPECT_EQ(Mistakes(), "");
  EXPECT_EQ(source.files().size(), 2U);
}

TEST_F(LoadTest, KeepsPlacesAroundAnIncludeInTheMiddleOfALine) {
  Write("main.conf", "a; include one.conf; b;\n");
  Write("one.conf", "\n x;");
  LoadText();
  const auto place = [&](std::string_view word) {
    const Place at = source.Locate({static_cast<std::uint32_t>(source.text().find(word)), 1});
    return at.ToString().substr(folder.size()) + ":" + std::to_string(at.column);
  };

  EXPECT_EQ(place("a"), "main.conf:1:1");
  EXPECT_EQ(place("x"), "one.conf:2:2");
  EXPECT_EQ(place("b"), "main.conf:1:22");
}

TEST_F(LoadTest, EndsACommentWithItsFile) {
  Write("main.conf", "include one.conf; b;");
  Write("one.conf", "x; # no line feed here");

  LoadText();

  EXPECT_EQ(ParseTree(source, diagnostics).size(), 2U);
}

TEST_F(LoadTest, SortsTheMatchesOfAGlob) {
  Write("main.conf", "include conf.d/*.conf;");
  Write("conf.d/b.conf", "b;");
  Write("conf.d/a.conf", "a;");
  Write("conf.d/10.conf", "ten;");
  Write("conf.d/9.conf", "nine;");
  Write("conf.d/a.txt", "no;");

  EXPECT_EQ(LoadText(), "ten; nine; a; b;");
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadTest, AcceptsAGlobWithoutAMatch) {
  Write("main.conf", "include none/*.conf; a;");

  EXPECT_EQ(LoadText(), "a;");
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadTest, StartsRelativeIncludesAtTheFolderOfTheMainFile) {
  Write("main.conf", "include sub/one.conf;");
  Write("sub/one.conf", "include sub/two.conf;");
  Write("sub/two.conf", "x;");

  EXPECT_EQ(LoadText(), "x;");
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadTest, TakesAbsoluteAndQuotedPaths) {
  Write("main.conf", "include '" + folder + "with space.conf';");
  Write("with space.conf", "x;");

  EXPECT_EQ(LoadText(), "x;");
}

TEST_F(LoadTest, DoesNotExpandTheWordElsewhere) {
  Write("main.conf", "# include no.conf;\na include no.conf; b 'include no.conf;'; include a b;");

  LoadText();

  EXPECT_EQ(Mistakes(), "");
  EXPECT_EQ(source.files().size(), 1U);
}

TEST_F(LoadTest, ReportsAMissingFileAndGoesOn) {
  Write("main.conf", "a;\n  include gone.conf;\ninclude also.conf; b;");

  EXPECT_EQ(LoadText(), "a; b;");
  EXPECT_EQ(Mistakes(),
            "main.conf:2:11: cannot read \"gone.conf\": No such file or directory\n"
            "  include gone.conf;\n"
            "          ^~~~~~~~~\n"
            "main.conf:3:9: cannot read \"also.conf\": No such file or directory\n"
            "include also.conf; b;\n"
            "        ^~~~~~~~~\n");
}

TEST_F(LoadTest, ReportsAMissingMainFile) {
  EXPECT_EQ(LoadText(), "");
  EXPECT_EQ(Mistakes(), "cannot read \"main.conf\": No such file or directory\n");
}

TEST_F(LoadTest, ReportsAFolderInPlaceOfAFile) {
  Write("sub/x.conf", "");
  Write("main.conf", "include sub;");

  LoadText();

  EXPECT_THAT(Mistakes(), HasSubstr("main.conf:1:9: cannot read \"sub\": Is a directory\n"));
}

TEST_F(LoadTest, RefusesWhatIsNoFileAndWaitsForNothing) {
  ASSERT_EQ(mkfifo((folder + "fifo").c_str(), 0600), 0);
  Write("main.conf", "include fifo; include /dev/zero; include /dev/tty; a;");

  EXPECT_EQ(LoadText(), "a;");

  EXPECT_THAT(Mistakes(), HasSubstr("main.conf:1:9: cannot read \"fifo\": it is a pipe, not a file\n"));
  EXPECT_THAT(Mistakes(), HasSubstr("cannot read \"/dev/zero\": it is a character device, not a file\n"));
  EXPECT_THAT(Mistakes(), HasSubstr("cannot read \"/dev/tty\": it is a character device, not a file\n"));
}

TEST_F(LoadTest, TakesTheNullDeviceForAnEmptyFile) {
  Write("main.conf", "include /dev/null; a;");

  EXPECT_EQ(LoadText(), "a;");
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadTest, RefusesAHugeFileWithoutReadingIt) {
  Write("main.conf", "");
  ASSERT_EQ(truncate((folder + "main.conf").c_str(), off_t{1} << 40), 0);

  LoadText();

  EXPECT_EQ(Mistakes(), "cannot read \"main.conf\": the file is larger than 64 MiB\n");
}

TEST_F(LoadTest, SkipsAByteOrderMarkAtTheFrontOfAFile) {
  Write("main.conf",
        "\xef\xbb\xbf"
        "a;\ninclude one.conf;");
  Write("one.conf", "\xef\xbb\xbfx;");

  EXPECT_EQ(LoadText(), "a; x;");
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadTest, NamesUtf16) {
  Write("main.conf", std::string("\xff\xfe"
                                 "a\0;\0",
                                 6));

  LoadText();

  EXPECT_EQ(Mistakes(), "cannot read \"main.conf\": it is written in UTF-16: save it as UTF-8\n");
}

TEST_F(LoadTest, RefusesAChainOfFilesThatWouldNotEnd) {
  for (int i = 0; i < 500; ++i) Write(std::to_string(i) + ".conf", "include " + std::to_string(i + 1) + ".conf;");
  Write("main.conf", "include 0.conf;");

  LoadText();

  EXPECT_THAT(Mistakes(), HasSubstr("files include each other more than 200 deep"));
}

TEST_F(LoadTest, SaysWhereTheMainFileWasLookedForWhenTheCurrentFolderHasOne) {
  Write("here/site.conf", "a;");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder + "here");

  static_cast<void>(Load({folder, "site.conf", "", ""}, diagnostics));
  std::filesystem::current_path(before);

  EXPECT_THAT(diagnostics.Render(), HasSubstr("; a relative -c starts at the prefix " + folder +
                                              " and not at the current folder: say -c " + folder + "here/site.conf\n"));
}

TEST_F(LoadTest, TellsWhichFileItReads) {
  class Noted : public Progress {
   public:
    void At(std::string_view file, std::uint32_t) override { said += std::string(file) + " "; }
    std::string said;
  } noted;
  Write("main.conf", "include one.conf; include one.conf;");
  Write("one.conf", "x;");

  static_cast<void>(Load({folder, "main.conf", "", "", &noted}, diagnostics));

  EXPECT_EQ(noted.said, folder + "main.conf " + folder + "one.conf ");
}

TEST_F(LoadTest, ShowsTheChainOfARecursion) {
  Write("main.conf", "include a.conf;");
  Write("a.conf", "x; include b.conf;");
  Write("b.conf", "y;\ninclude a.conf; z;");

  EXPECT_EQ(LoadText(), "x; y; z;");
  EXPECT_EQ(Mistakes(),
            "b.conf:2:9: \"a.conf\" includes itself: a.conf -> b.conf -> a.conf\n"
            "include a.conf; z;\n"
            "        ^~~~~~\n");
}

TEST_F(LoadTest, RefusesAFileThatIncludesItself) {
  Write("main.conf", "include main.conf;");

  LoadText();

  EXPECT_THAT(Mistakes(), HasSubstr("\"main.conf\" includes itself: main.conf -> main.conf"));
}

TEST_F(LoadTest, StopsFilesThatMultiplyEachOther) {
  Write("main.conf", "include 0.conf;");
  for (int i = 0; i < 60; ++i) {
    const std::string next = "include " + std::to_string(i + 1) + ".conf;";
    Write(std::to_string(i) + ".conf", "x;" + next + next);
  }
  Write("60.conf", "");

  LoadText();

  EXPECT_THAT(Mistakes(), HasSubstr("here the configuration grows larger than"));
  EXPECT_EQ(diagnostics.all().size(), 1U);
}

TEST_F(LoadTest, LeavesOutAnIncludedFileThatIsNotWhole) {
  Write("main.conf", "include open.conf; include close.conf; include quote.conf; include half.conf; a;");
  Write("open.conf", "server {\n");
  Write("close.conf", "}\n");
  Write("quote.conf", "x 'y;\n");
  Write("half.conf", "x y\n");

  EXPECT_EQ(LoadText(), "a;");
  EXPECT_EQ(Mistakes(),
            "open.conf:1:1: block \"server\" is never closed: unexpected end of file, expecting \"}\"\n"
            "server {\n"
            "^~~~~~\n"
            "close.conf:1:1: unexpected \"}\"\n"
            "}\n"
            "^\n"
            "quote.conf:1:3: the quote ' is never closed\n"
            "x 'y;\n"
            "  ^\n"
            "half.conf:1:3: directive \"x\" is not terminated by \";\": is a ; missing after line 1?\n"
            "x y\n"
            "  ^\n");
}

TEST_F(LoadTest, PutsExtraDirectivesFirst) {
  Write("main.conf", "a;");

  EXPECT_EQ(LoadText("daemon off; pid /x;"), "daemon off; pid /x; a;");
  EXPECT_EQ(source.files()[0].path, kCommandLine);
  EXPECT_EQ(source.Locate({7, 3}).ToString(), "command line:1");
}

TEST_F(LoadTest, ReportsHalfADirectiveOnTheCommandLine) {
  Write("main.conf", "a;");

  EXPECT_EQ(LoadText("daemon off"), "a;");
  EXPECT_EQ(Mistakes(),
            "command line:1:8: directive \"daemon\" is not terminated by \";\"\n"
            "daemon off\n"
            "       ^~~\n");
}

TEST_F(LoadTest, LeavesTheMainFilesOwnMistakesToTheParser) {
  Write("main.conf", "a { b;");

  EXPECT_EQ(LoadText(), "a { b;");
  EXPECT_EQ(Mistakes(), "");
}

}  // namespace
}  // namespace colmeia::config
