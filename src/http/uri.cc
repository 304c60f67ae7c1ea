#include "http/uri.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "http/host.h"
#include "util/strings.h"

namespace colmeia::http {
namespace {

constexpr Fault kInvalidTarget{Status::kBadRequest, "client sent invalid request target"};
constexpr Fault kInvalidPath{Status::kBadRequest, "client sent invalid path in request target"};
constexpr Fault kInvalidAuthority{Status::kBadRequest, "client sent invalid host in request target"};
constexpr Fault kHttpsTarget{Status::kMisdirectedRequest, "client sent https target to a plain HTTP server"};

// What one pass over a path wants to know of a byte.
enum PathByte : std::uint8_t {
  kUsual,
  kSlash,    // its neighbour is to be looked at
  kSpecial,  // begins an escape, a query or a fragment, or is a NUL
};

constexpr std::array<PathByte, 256> MakePathBytes() {
  std::array<PathByte, 256> table{};
  table['/'] = kSlash;
  for (const char c : {'%', '?', '#', '\0'}) table[static_cast<unsigned char>(c)] = kSpecial;
  return table;
}
constexpr std::array<PathByte, 256> kPathBytes = MakePathBytes();

// Whether this is a path and nothing else, and one that NormalizePath would not change: no escape, no "//", and no
// segment that begins with a dot.
bool IsPlain(std::string_view path) {
  const char* const end = path.data() + path.size();
  for (const char* at = path.data(); at < end; ++at) {
    const PathByte byte = kPathBytes[static_cast<unsigned char>(*at)];
    if (byte == kUsual) continue;
    if (byte == kSpecial || (at + 1 < end && (at[1] == '/' || at[1] == '.'))) return false;
  }
  return true;
}

// Reads one byte of a path and moves past it. False on a broken escape or a NUL.
bool TakeByte(std::string_view& raw, char& out) {
  if (raw.front() != '%') {
    out = raw.front();
    raw.remove_prefix(1);
    return out != '\0';
  }
  if (raw.size() < 3) return false;
  const int high = util::HexValue(raw[1]);
  const int low = util::HexValue(raw[2]);
  if (high < 0 || low < 0) return false;
  out = static_cast<char>(high * 16 + low);
  raw.remove_prefix(3);
  return out != '\0';
}

// Ends the segment [segment, at) and returns where the next one begins: after its slash, or where "." and ".." lead.
// nullptr when that is above the root. REQUIRES: segment[-1] is a slash.
char* EndSegment(char* root, char* segment, char* at) {
  const std::string_view name(segment, static_cast<std::size_t>(at - segment));
  if (name.empty() || name == ".") return segment;
  if (name != "..") {
    *at = '/';
    return at + 1;
  }
  if (segment == root + 1) return nullptr;
  do --segment;
  while (segment[-1] != '/');
  return segment;
}

// A fragment is no part of what is asked for, yet some clients send it: as in nginx, the path or the arguments end
// there.
void SplitPath(std::string_view rest, Target& out) {
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  out.raw_path = rest.substr(0, question);
  if (question != std::string_view::npos) {
    out.has_args = true;
    out.args = rest.substr(question + 1);
  }
}

Fault ParseAbsolute(std::string_view target, Target& out) {
  out.form = TargetForm::kAbsolute;
  if (util::StartsWithIgnoreCase(target, "https://")) return kHttpsTarget;
  constexpr std::string_view kScheme = "http://";
  if (!util::StartsWithIgnoreCase(target, kScheme)) return kInvalidTarget;
  target.remove_prefix(kScheme.size());
  const std::size_t end = target.find_first_of("/?");
  out.authority = target.substr(0, end);
  if (!SplitHost(out.authority)) return kInvalidAuthority;
  SplitPath(end == std::string_view::npos ? std::string_view{} : target.substr(end), out);
  if (out.raw_path.empty()) out.raw_path = "/";
  return {};
}

}  // namespace

std::optional<std::string_view> NormalizePath(std::string_view raw, util::Arena& arena) {
  if (IsPlain(raw)) return raw;
  // One byte more than `raw`: EndSegment may write a slash after the last one. Neither step makes a path longer.
  char* const root = arena.Allocate(raw.size() + 1);
  *root = '/';
  raw.remove_prefix(1);
  char* segment = root + 1;
  char* at = segment;
  while (!raw.empty()) {
    char c = '\0';
    if (!TakeByte(raw, c)) return std::nullopt;
    if (c != '/') {
      *at++ = c;
      continue;
    }
    segment = EndSegment(root, segment, at);
    if (segment == nullptr) return std::nullopt;
    at = segment;
  }
  // The last segment has no slash: only dots mean something.
  const std::string_view last(segment, static_cast<std::size_t>(at - segment));
  if (last == "." || last == "..") {
    at = EndSegment(root, segment, at);
    if (at == nullptr) return std::nullopt;
  }
  return std::string_view(root, static_cast<std::size_t>(at - root));
}

Fault ParseTarget(Method method, std::string_view target, util::Arena& arena, Target& out) {
  out = Target{};
  if (target.starts_with('/') && method != Method::kConnect && IsPlain(target)) {
    out.path = target;
    out.raw_path = target;
    return {};
  }
  if (target.empty()) return kInvalidTarget;
  if (method == Method::kConnect) {
    out.form = TargetForm::kAuthority;
    out.authority = target;
    const std::optional<HostPort> host = SplitHost(target);
    return host && host->port != 0 ? Fault{} : kInvalidAuthority;
  }
  if (target.front() == '*') {
    if (target != "*" || method != Method::kOptions) return kInvalidTarget;
    out.form = TargetForm::kAsterisk;
    out.path = target;
    out.raw_path = target;
    return {};
  }
  if (target.front() == '/') {
    SplitPath(target, out);
  } else if (const Fault fault = ParseAbsolute(target, out)) {
    return fault;
  }
  const std::optional<std::string_view> path = NormalizePath(out.raw_path, arena);
  if (!path) return kInvalidPath;
  out.path = *path;
  return {};
}

}  // namespace colmeia::http
