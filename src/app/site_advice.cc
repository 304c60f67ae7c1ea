#include "app/site_advice.h"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "config/tree.h"

namespace colmeia::app {
namespace {

using config::Node;

class FolderCheck {
 public:
  FolderCheck(const config::Source& source, config::Diagnostics& diagnostics)
      : source_(source), diagnostics_(diagnostics) {}

  void Look(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      const std::string& name = node.name().text;
      const bool is_root = name == "root";
      if ((is_root || name == "alias") && !node.block && node.args().size() == 1) Check(node, is_root);
      if (name != "types") Look(node.children);
    }
  }

 private:
  void Check(const Node& node, bool is_root) {
    const config::Word& word = node.args()[0];
    if (word.text.starts_with('$')) return;
    const std::string path = word.text.starts_with('/') ? word.text : source_.prefix + word.text;
    const std::string fixed(FixedPart(path));
    struct stat info {};
    const auto warn = [&](const std::string& what) {
      diagnostics_.Warn(source_.Locate(word.span),
                        fmt::format("\"{}\" names {}, {}", node.name().text, config::Quoted(fixed), what));
    };
    if (fixed.empty()) return;
    if (stat(fixed.c_str(), &info) != 0) {
      const int error = errno;
      if (error == ENOENT) return warn("which does not exist");
      return warn(fmt::format("which cannot be looked at: {}", std::generic_category().message(error)));
    }
    if (is_root && !S_ISDIR(info.st_mode)) warn("which is not a folder");
  }

  const config::Source& source_;
  config::Diagnostics& diagnostics_;
};

}  // namespace

std::string_view FixedPart(std::string_view path) {
  const std::size_t variable = path.find('$');
  if (variable == std::string_view::npos) return path;
  const std::size_t slash = path.rfind('/', variable);
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash + 1);
}

void Advise(const config::Source& source, const site::Site& site, config::Diagnostics& diagnostics) {
  config::Diagnostics ignored;
  const std::vector<Node> tree = config::ParseTree(source, ignored);
  if (tree.empty()) {
    diagnostics.Warn({}, fmt::format("the configuration {} is empty: it serves nothing", source.conf_path));
  } else if (site.servers.empty()) {
    // Shown at the `http` block where there is one.
    config::Place place;
    for (const Node& node : tree) {
      if (node.name().text == "http") place = source.Locate(node.name().span);
    }
    diagnostics.Warn(place, fmt::format("{} has no \"server\" in an \"http\" block: it serves nothing",
                                        place.line > 0 ? std::string("the configuration") : source.conf_path));
  }
  FolderCheck(source, diagnostics).Look(tree);
}

}  // namespace colmeia::app
