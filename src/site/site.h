// Site: everything that a configuration says about serving, resolved and immutable: listeners, servers, locations,
// logs.
//
// Built from the expanded text by BuildSite (builder.h), by the compiler child to validate and to make the plan, and by
// each worker to serve. Both get the same ordinals for listeners and logs, because both read the same text in the same
// order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "site/module.h"
#include "site/regex.h"
#include "site/settings.h"
#include "site/values.h"
#include "site/zones.h"
#include "sys/address.h"
#include "sys/sockets.h"

namespace colmeia::site {

struct Location;
struct Server;

// How a location was written, and so how it matches.
enum class LocationKind {
  kPrefix,       // location /a
  kPrefixFinal,  // location ^~ /a: no regex is tried when this is the longest prefix
  kExact,        // location = /a
  kRegex,        // location ~ a  or  ~* a
  kNamed,        // location @a: for error_page and try_files only
  kServer,       // the server itself, where no location matches
  kIf,           // if (...) { }: entered from the location around it
};

// The locations of one server or location block, in the order of nginx's rules.
class LocationTable {
 public:
  // REQUIRES: each location outlives the table. Called once per location, in the order of the configuration.
  void Add(const Location* location);
  void Finish();  // after the last Add

  // The location for `path`, or null when none matches. With a regex, its groups go to `values`. Null with a
  // `failure` when a regex could not be matched, so that it is not known: the request must be refused.
  [[nodiscard]] const Location* Find(std::string_view path, Values* values, MatchFailure& failure) const;

 private:
  struct Found {
    const Location* location = nullptr;
    bool final = false;  // no regex may replace it
  };
  [[nodiscard]] Found FindPrefix(std::string_view path) const;

  std::unordered_map<std::string_view, const Location*> exact_;
  std::vector<const Location*> prefixes_;  // sorted by name
  std::vector<int> parents_;               // of prefixes_: the next shorter prefix, or -1
  std::vector<const Location*> regexes_;   // in order of appearance
};

struct Location {
  LocationKind kind = LocationKind::kPrefix;
  std::string name;              // the prefix, the pattern, or "@name"
  std::unique_ptr<Regex> regex;  // kRegex only
  SettingsSet settings;
  std::vector<Handler> handlers;    // kRewrite to kContent in order, only those that apply here
  std::vector<HeadFilter> filters;  // in order, only those that apply here
  std::vector<LogHandler> loggers;  // only those that apply here
  // Those of the handlers and filters that child exchanges see.
  std::vector<Handler> child_handlers;
  std::vector<HeadFilter> child_filters;
  std::vector<std::unique_ptr<Location>> children;
  LocationTable table;                           // of the children
  std::vector<std::unique_ptr<Location>> inner;  // those of `if`, which no path finds
};

struct Server {
  std::string name;                // the first server_name, for $server_name
  std::vector<std::string> names;  // all that are written out, lower case; "*.example.org" as ".example.org"
  std::vector<Handler> handlers;   // kServerRewrite
  std::unique_ptr<Location> self;  // kServer: settings and handlers where no location matches
  std::vector<std::unique_ptr<Location>> locations;
  LocationTable table;
  std::unordered_map<std::string_view, const Location*> named;

  // `host` (lower case, without port) is a name that the operator wrote, or below one of his wildcards. A regular
  // expression names nothing: it may match any host.
  [[nodiscard]] bool IsCalled(std::string_view host) const;
};

// Which server answers for a host name on one address (nginx's rules: exact, longest *.suffix, longest prefix.*, first
// regex, default).
class VirtualHosts {
 public:
  struct RegexName {
    std::shared_ptr<const Regex> regex;
    const Server* server;
  };

  // False when the same name already belongs to another server: the first one keeps it, and nginx warns.
  bool AddExact(std::string name, const Server* server);
  bool AddSuffix(std::string suffix, const Server* server);  // ".example.org" for "*.example.org"
  bool AddPrefix(std::string prefix, const Server* server);  // "www." for "www.*"
  void AddRegex(std::shared_ptr<const Regex> regex, const Server* server);
  void SetDefault(const Server* server) { default_ = server; }

  // `host` is lower case and without port. Never null once a default is set; that one, with a `failure`, when a regex
  // could not be matched: the request must be refused.
  [[nodiscard]] const Server* Find(std::string_view host, Values* values, MatchFailure& failure) const;
  [[nodiscard]] const Server* default_server() const { return default_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Names = std::unordered_map<std::string, const Server*, Hash, std::equal_to<>>;
  Names exact_;
  Names suffixes_;
  Names prefixes_;
  std::vector<RegexName> regexes_;
  const Server* default_ = nullptr;
};

// VirtualHosts::Find for one request after another, of which most are for the same host: the last answer is remembered.
class ServerMemo {
 public:
  // REQUIRES: `hosts` outlives this; `values` has no groups.
  [[nodiscard]] const Server* Find(const VirtualHosts& hosts, std::string_view host, Values& values,
                                   MatchFailure& failure);

 private:
  const VirtualHosts* hosts_ = nullptr;  // null: nothing is remembered yet
  std::string host_;
  const Server* server_ = nullptr;
};

// One address that is listened on; several `listen` directives with the same address are one.
struct ListenSocket {
  sys::Address address;
  std::string name;  // as in messages and logs
  int backlog = 511;
  bool reuseport = false;
  bool ipv6only = true;
  sys::SocketTuning tuning{};
  std::string where;  // file:line of the directive that set the options
  VirtualHosts hosts;

  // A wildcard listener stands for specific addresses of the same port too (`listen *:80` beside `listen
  // 127.0.0.1:80`): only one of them can be bound, and getsockname(2) of a connection tells whose servers answer.
  struct Specific {
    sys::Address address;
    VirtualHosts hosts;
  };
  std::vector<Specific> specific;

  // The servers for a connection whose local address is `local`. When `specific` is empty there is no need to ask for
  // it.
  [[nodiscard]] const VirtualHosts& HostsFor(const sys::Address& local) const;
};

// A log file by its place in the list that is the same in the compiler and in every worker.
struct LogFile {
  std::string path;   // absolute, or "stderr", "/dev/stdout", "/dev/stderr"
  std::string where;  // file:line of the first directive that names it
};

// One place's error_log directives: messages of at least `level` go to that log.
struct ErrorLogTarget {
  std::uint32_t log = 0;
  int level = 3;  // log::Level
};

struct Site {
  SettingsSet main;                     // of the main context (process, events)
  SettingsSet http;                     // of the http block; main's where there is none
  std::vector<ListenSocket> listeners;  // by ordinal
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<LogFile> logs;                            // by ordinal
  std::vector<std::vector<ErrorLogTarget>> error_logs;  // by ordinal; [0] is the main context's
  std::vector<Zone> zones;                              // by ordinal
  std::vector<std::unique_ptr<OwnVariable>> variables;  // that templates and regular expressions point to
};

}  // namespace colmeia::site
