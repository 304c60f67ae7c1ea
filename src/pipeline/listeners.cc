#include "pipeline/listeners.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/core.h>

#include "util/strings.h"

namespace colmeia::pipeline {
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
  std::vector<sys::Address> seen;
  for (const ListenDraft& listen : listens) {
    for (const sys::Address& address : Addresses(listen.address)) {
      if (std::find(seen.begin(), seen.end(), address) != seen.end()) {
        diagnostics_.Error(source_.Locate(listen.address.span),
                           fmt::format("a duplicate listen {}", address.ToString()));
        continue;
      }
      seen.push_back(address);
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
      auto regex = Regex::Compile(std::string_view(text).substr(1), /*ignore_case=*/true);
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
  auto socket = std::find_if(sockets_.begin(), sockets_.end(), [&](const Socket& s) { return s.address == address; });
  if (socket == sockets_.end()) {
    sockets_.push_back({address, address.ToString(), {}, false, {}, use.span});
    socket = sockets_.end() - 1;
  }
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

std::vector<ListenSocket> ListenerBuilder::Finish() {
  // `listen 127.0.0.1:80` beside `listen *:80` shares the wildcard's socket, unless options ask for one of its own.
  const auto wildcard_for = [&](const Socket& socket) -> const Socket* {
    if (socket.address.family() == AF_UNIX || socket.address.IsWildcard() || socket.has_options) return nullptr;
    for (const Socket& other : sockets_) {
      const bool covers = other.address.IsWildcard() && other.address.family() == socket.address.family() &&
                          other.address.port() == socket.address.port();
      if (covers) return &other;
    }
    return nullptr;
  };

  std::vector<ListenSocket> listeners;
  for (const Socket& socket : sockets_) {
    if (wildcard_for(socket) != nullptr) continue;
    ListenSocket listener;
    listener.address = socket.address;
    listener.name = socket.name;
    listener.backlog = socket.options.backlog.value_or(511);
    listener.reuseport = socket.options.reuseport;
    listener.ipv6only = socket.options.ipv6only.value_or(true);
    listener.tuning = socket.options.tuning;
    listener.where = source_.Locate(socket.has_options ? socket.options.address.span : socket.first).ToString();
    listener.hosts = HostsOf(socket);
    for (const Socket& other : sockets_) {
      if (wildcard_for(other) == &socket) listener.specific.push_back({other.address, HostsOf(other)});
    }
    listeners.push_back(std::move(listener));
  }
  sockets_.clear();
  return listeners;
}

}  // namespace colmeia::pipeline
