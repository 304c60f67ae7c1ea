#include "site/listeners.h"

#include <unistd.h>

#include <algorithm>
#include <unordered_set>

#include <fmt/core.h>

#include "util/strings.h"

namespace colmeia::site {
namespace {

// What a server without `listen` answers on: port 80 needs root's rights.
ListenDraft DefaultListen(config::Span block) {
  ListenDraft listen;
  listen.address = {geteuid() == 0 ? "*:80" : "*:8000", block};
  return listen;
}

std::string Hostname() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return {};
  return util::Lowercase(name);
}

std::uint32_t FamilyAndPort(const sys::Address& address) {
  return static_cast<std::uint32_t>(address.family()) << 16 | address.port();
}

}  // namespace

void ListenerBuilder::Add(Server& server, const CoreDraft& draft, config::Span block) {
  names_.push_back(ReadNames(draft));
  for (const Name& name : names_.back()) {
    if (name.kind != Name::Kind::kRegex) server.names.push_back(name.text);
  }
  server.name = draft.server_names.empty() ? std::string() : util::Lowercase(draft.server_names.front().text);
  if (server.name == "$hostname") server.name = Hostname();
  if (server.name.starts_with('.')) server.name.erase(0, 1);

  std::vector<ListenDraft> listens = draft.listens;
  if (listens.empty()) listens.push_back(DefaultListen(block));
  std::unordered_set<std::string> seen;
  for (const ListenDraft& listen : listens) {
    for (const sys::Address& address : Addresses(listen.address)) {
      if (!seen.emplace(address.bytes()).second) {
        diagnostics_.Error(source_.Locate(listen.address.span),
                           fmt::format("a duplicate listen {}", address.ToString()));
        continue;
      }
      AddUse(address, listen, {&server, names_.size() - 1, listen.default_server, listen.address.span});
    }
  }
}

std::vector<ListenerBuilder::Name> ListenerBuilder::ReadNames(const CoreDraft& draft) {
  std::vector<Name> names;
  const auto add = [&](Name::Kind kind, std::string text, config::Span span) {
    names.push_back({kind, std::move(text), nullptr, span});
  };
  for (const PlacedText& placed : draft.server_names) {
    const std::string& text = placed.text;
    if (text.starts_with('~')) {
      // Host names are compared without regard to case.
      auto regex = Regex::Compile(std::string_view(text).substr(1), /*ignore_case=*/true, variables_);
      if (!regex) {
        diagnostics_.Error(source_.Locate(placed.span), regex.error().message);
        continue;
      }
      names.push_back({Name::Kind::kRegex, text, std::make_shared<const Regex>(std::move(*regex)), placed.span});
      continue;
    }
    std::string name = text == "$hostname" ? Hostname() : util::Lowercase(text);
    const std::size_t stars = static_cast<std::size_t>(std::count(name.begin(), name.end(), '*'));
    const bool suffix = name.starts_with("*.") && name.size() > 2;
    const bool prefix = name.ends_with(".*") && name.size() > 2;
    if (name.find('/') != std::string::npos || stars > 1 || (stars == 1 && !suffix && !prefix)) {
      diagnostics_.Error(source_.Locate(placed.span),
                         fmt::format("invalid server name \"{}\": a wildcard stands alone at the start or the end, as "
                                     "in *.example.org or www.example.*",
                                     text));
      continue;
    }
    if (suffix) {
      add(Name::Kind::kSuffix, name.substr(1), placed.span);
    } else if (prefix) {
      add(Name::Kind::kPrefix, name.substr(0, name.size() - 1), placed.span);
    } else if (name.starts_with('.')) {
      add(Name::Kind::kExact, name.substr(1), placed.span);
      add(Name::Kind::kSuffix, name, placed.span);
    } else {
      add(Name::Kind::kExact, name, placed.span);
    }
  }
  if (draft.server_names.empty()) add(Name::Kind::kExact, "", {});
  return names;
}

std::vector<sys::Address> ListenerBuilder::Addresses(const PlacedText& text) {
  if (auto address = sys::Address::ParseListen(text.text)) return {*address};
  auto resolved = resolver_.Resolve(text.text);
  if (resolved) return *std::move(resolved);
  diagnostics_.Error(source_.Locate(text.span), resolved.error().message);
  return {};
}

void ListenerBuilder::AddUse(const sys::Address& address, const ListenDraft& listen, const Use& use) {
  const auto [known, is_new] = by_address_.try_emplace(std::string(address.bytes()), sockets_.size());
  if (is_new) sockets_.push_back({address, address.ToString(), {}, false, {}, use.span});
  Socket* const socket = &sockets_[known->second];
  if (listen.sets_options()) {
    if (socket->has_options) {
      diagnostics_.Error(source_.Locate(use.span), fmt::format("duplicate listen options for {}", socket->name));
    }
    socket->has_options = true;
    socket->options = listen;
  }
  const auto is_default = [](const Use& other) { return other.default_server; };
  if (use.default_server && std::any_of(socket->uses.begin(), socket->uses.end(), is_default)) {
    diagnostics_.Error(source_.Locate(use.span), fmt::format("a duplicate default server for {}", socket->name));
  }
  socket->uses.push_back(use);
}

void ListenerBuilder::AddName(VirtualHosts& hosts, const Name& name, const Server* server, const std::string& address) {
  bool added = true;
  switch (name.kind) {
    case Name::Kind::kExact:
      added = hosts.AddExact(name.text, server);
      break;
    case Name::Kind::kSuffix:
      added = hosts.AddSuffix(name.text, server);
      break;
    case Name::Kind::kPrefix:
      added = hosts.AddPrefix(name.text, server);
      break;
    case Name::Kind::kRegex:
      hosts.AddRegex(name.regex, server);
      break;
  }
  // Nameless servers on one address are usual: the first is the default.
  if (!added && name.span.length > 0) {
    diagnostics_.Warn(source_.Locate(name.span),
                      fmt::format("conflicting server name \"{}\" on {}, ignored", name.text, address));
  }
}

VirtualHosts ListenerBuilder::HostsOf(const Socket& socket) {
  VirtualHosts hosts;
  hosts.SetDefault(socket.uses.front().server);
  for (const Use& use : socket.uses) {
    if (use.default_server) hosts.SetDefault(use.server);
    for (const Name& name : names_[use.names]) AddName(hosts, name, use.server, socket.name);
  }
  return hosts;
}

// `listen 127.0.0.1:80` beside `listen *:80` shares the wildcard's socket, unless options ask for one of its own.
std::size_t ListenerBuilder::WildcardFor(const Socket& socket) const {
  if (socket.address.family() == AF_UNIX || socket.address.IsWildcard() || socket.has_options) return sockets_.size();
  const auto wildcard = wildcards_.find(FamilyAndPort(socket.address));
  return wildcard == wildcards_.end() ? sockets_.size() : wildcard->second;
}

std::vector<ListenSocket> ListenerBuilder::Finish() {
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    const sys::Address& address = sockets_[i].address;
    if (address.family() != AF_UNIX && address.IsWildcard()) wildcards_.try_emplace(FamilyAndPort(address), i);
  }
  std::vector<std::vector<const Socket*>> covered(sockets_.size());  // by each wildcard
  for (const Socket& socket : sockets_) {
    if (const std::size_t wildcard = WildcardFor(socket); wildcard < sockets_.size()) {
      covered[wildcard].push_back(&socket);
    }
  }

  std::vector<ListenSocket> listeners;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    const Socket& socket = sockets_[i];
    if (WildcardFor(socket) < sockets_.size()) continue;
    ListenSocket listener;
    listener.address = socket.address;
    listener.name = socket.name;
    listener.backlog = socket.options.backlog.value_or(511);
    listener.reuseport = socket.options.reuseport;
    listener.ipv6only = socket.options.ipv6only.value_or(true);
    listener.tuning = socket.options.tuning;
    listener.where = source_.Locate(socket.has_options ? socket.options.address.span : socket.first).ToString();
    listener.hosts = HostsOf(socket);
    for (const Socket* const other : covered[i]) listener.specific.push_back({other->address, HostsOf(*other)});
    listeners.push_back(std::move(listener));
  }
  sockets_.clear();
  by_address_.clear();
  wildcards_.clear();
  return listeners;
}

}  // namespace colmeia::site
