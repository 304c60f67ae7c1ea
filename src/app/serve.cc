#include "app/serve.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "app/compile.h"
#include "app/launch.h"
#include "app/mime_types.h"
#include "app/say.h"
#include "sys/address.h"
#include "sys/error.h"
#include "sys/files.h"
#include "sys/memfd.h"
#include "sys/port_holder.h"
#include "sys/sockets.h"
#include "util/options.h"
#include "util/strings.h"

namespace colmeia::app {
namespace {

constexpr std::uint16_t kFirstPort = 8080;
constexpr std::uint16_t kPortsToTry = 100;

constexpr util::OptionRow kServeOptions[] = {
    {"--listen", "ADDR", "",
     "where to answer, as in the listen directive (default: 127.0.0.1:8080, or the next free port)"},
    {"--listing", "", "", "show what a folder without index.html holds"},
    {"-h", "", "", "this help"},
};

Result<> TakeServeOption(const util::OptionRow& option, const std::string& value, ServeLine& line) {
  if (option.name == "-h") line.help = true;
  if (option.name == "--listing") line.listing = true;
  if (option.name == "--listen") {
    auto addresses = sys::Address::Resolve(value);
    if (!addresses) return tl::unexpected(addresses.error());
    line.listen = value;
    line.addresses = *std::move(addresses);
  }
  return {};
}

Result<> TakeFolder(const std::string& folder, ServeLine& line) {
  if (folder.empty()) return Fail("\"\" is no folder");
  if (!line.folder.empty()) {
    return Fail(fmt::format("colmeia serve takes one folder: \"{}\" or \"{}\"?", line.folder, folder));
  }
  line.folder = folder;
  return {};
}

// A word of the configuration language, whatever bytes it has.
std::string QuotedWord(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// The real path of a folder that can be read. The error's code is the errno.
Result<std::string> FolderToServe(const std::string& given) {
  std::error_code error;
  const std::string folder = std::filesystem::canonical(given, error).string();
  if (error) return Fail(fmt::format("cannot serve \"{}\": {}", given, error.message()), error.value());
  if (auto fd = sys::OpenFile(folder, O_RDONLY | O_DIRECTORY); !fd) {
    if (fd.error().code == ENOTDIR) return Fail(fmt::format("cannot serve \"{}\": it is no folder", given), ENOTDIR);
    return Fail(fmt::format("cannot serve \"{}\": {}", given, std::generic_category().message(fd.error().code)),
                fd.error().code);
  }
  if (access(folder.c_str(), X_OK) != 0) return sys::FailErrno(fmt::format("cannot serve \"{}\"", given));
  if (folder.find('$') != std::string::npos) {
    return Fail(fmt::format("cannot serve \"{}\": a \"$\" in a root begins a variable; rename the folder", folder));
  }
  return folder;
}

// Whether a process without rights of its own can enter the folder and read what it holds.
bool IsOpenToAll(const std::filesystem::path& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0 || (info.st_mode & S_IROTH) == 0) return false;
  for (std::filesystem::path at = folder;; at = at.parent_path()) {
    if (stat(at.c_str(), &info) != 0 || (info.st_mode & S_IXOTH) == 0) return false;
    if (at == at.parent_path()) return true;
  }
}

// Who workers become when root serves a folder: its owner, who can read it; nobody, where that is root and everybody
// can. A folder of root's that is closed to others can only be served by root.
std::string UserFor(const std::string& folder) {
  struct stat info {};
  if (geteuid() != 0 || stat(folder.c_str(), &info) != 0) return {};
  if (info.st_uid == 0 && IsOpenToAll(folder)) return {};
  const passwd* const user = getpwuid(info.st_uid);
  if (user == nullptr) return {};
  const group* const primary = getgrgid(user->pw_gid);
  return primary == nullptr ? user->pw_name : fmt::format("{} {}", user->pw_name, primary->gr_name);
}

// Whether somebody can listen there; the error's code is the errno, its text names who does.
Result<> TryAddress(const sys::Address& address) {
  if (address.family() == AF_UNIX) return {};
  auto socket = sys::Listen(address);
  if (socket) return {};
  std::string who;
  if (socket.error().code == EADDRINUSE) {
    const auto holder = sys::FindPortHolder(address);
    who = holder ? fmt::format("; pid {} ({}) listens there", holder->pid, holder->name)
                 : "; another process listens there, find it with: ss -ltnp";
  }
  return Fail(socket.error().message + who, socket.error().code);
}

// Where to answer is settled: an address that was given can be had, or one is found.
Result<> SettleAddress(ServeLine& line) {
  for (const sys::Address& address : line.addresses) {
    if (auto tried = TryAddress(address); !tried) return tried;
  }
  if (!line.listen.empty()) return {};
  for (std::uint16_t port = kFirstPort; port < kFirstPort + kPortsToTry; ++port) {
    line.listen = fmt::format("127.0.0.1:{}", port);
    line.addresses = {*sys::Address::ParseListen(line.listen)};
    auto tried = TryAddress(line.addresses.front());
    if (tried || tried.error().code != EADDRINUSE) return tried;
  }
  return Fail(fmt::format("the ports from {} to {} are all in use; choose one with --listen", kFirstPort,
                          kFirstPort + kPortsToTry - 1),
              EADDRINUSE);
}

std::string Welcome(const std::string& folder, const ServeLine& line) {
  std::string out = fmt::format("\n  colmeia serves {}\n\n", folder);
  for (const sys::Address& address : line.addresses) {
    out += fmt::format("    address   {}\n", UrlOf(address.ToString()));
  }
  out += fmt::format("    listing   {}\n", line.listing ? "on" : "off; --listing shows folders without index.html");
  return out + "    stop      Ctrl-C\n\n";
}

}  // namespace

Result<ServeLine> ParseServeLine(const std::vector<std::string>& arguments) {
  ServeLine line;
  util::OptionReader reader(kServeOptions, arguments, "colmeia serve");
  for (;;) {
    const auto item = reader.Next();
    if (!item) return tl::unexpected(item.error());
    if (!*item) break;
    const auto& [option, text] = **item;
    auto taken = option == nullptr ? TakeFolder(text, line) : TakeServeOption(*option, text, line);
    if (!taken) return tl::unexpected(taken.error());
  }
  if (line.folder.empty() && !line.help) return Fail("colmeia serve needs a folder: colmeia serve DIR");
  return line;
}

std::string ServeHelp() {
  std::string out =
      "Usage: colmeia serve DIR [--listen ADDR] [--listing]\n\n"
      "Serves the folder DIR over HTTP until Ctrl-C, without a configuration file; requests are told on descriptor 1,\n"
      "errors on descriptor 2.\n\nOptions:\n";
  for (const util::OptionRow& option : kServeOptions) out += util::OptionLine(option, 15);
  return out;
}

std::string ServeDirectives(const std::string& folder, const std::string& listen, bool listing,
                            const std::string& user) {
  std::string main = "daemon off; pid \"\"; error_log stderr error;";
  if (!user.empty()) main += fmt::format(" user {};", user);
  // A text without a word about its characters is read as Latin-1.
  std::string http = "default_type application/octet-stream; charset utf-8; access_log /dev/stdout; log_not_found off;";
  if (listing) http += " autoindex on;";
  return fmt::format("{}\nevents {{ }}\nhttp {{\n{}\n{}\nserver {{ listen {}; root {}; }}\n}}\n", main, MimeTypes(),
                     http, QuotedWord(listen), QuotedWord(folder));
}

std::string UrlOf(std::string_view address) {
  const auto parsed = sys::Address::ParseListen(address);
  if (!parsed || parsed->family() == AF_UNIX) return std::string(address);
  const std::string port = parsed->port() == 80 ? "" : fmt::format(":{}", parsed->port());
  if (parsed->IsWildcard()) return "http://localhost" + port + "/";
  const bool v6 = parsed->family() == AF_INET6;
  return fmt::format("http://{}{}{}{}/", v6 ? "[" : "", parsed->HostText(), v6 ? "]" : "", port);
}

int Serve(const std::vector<std::string>& arguments, resources::Inheritance inheritance) {
  auto line = ParseServeLine({arguments.begin() + 2, arguments.end()});
  if (!line) return Complain(kExitConfiguration, line.error().message);
  if (line->help) {
    SayText(ServeHelp());
    return kExitOk;
  }
  const auto folder = FolderToServe(line->folder);
  if (!folder) return Complain(kExitResources, folder.error().message);
  if (auto settled = SettleAddress(*line); !settled) return Complain(kExitResources, settled.error().message);

  // Where the compiler looks for a file it finds one that says nothing; all stands on the command line.
  const auto nothing = sys::SealedMemfd("colmeia-serve", "# all that counts is what colmeia serve says\n");
  if (!nothing) return Complain(kExitResources, nothing.error().message);
  ipc::Compile command_line;
  command_line.prefix = *folder + (folder->ends_with('/') ? "" : "/");
  command_line.conf = fmt::format("/proc/{}/fd/{}", getpid(), nothing->get());
  command_line.directives = ServeDirectives(*folder, line->listen, line->listing, UserFor(*folder));
  return Launch({.command_line = std::move(command_line),
                 .arguments = arguments,
                 .inheritance = std::move(inheritance),
                 .welcome = Welcome(*folder, *line)});
}

}  // namespace colmeia::app
