#include <algorithm>

#include "site/site.h"
#include "util/strings.h"

namespace colmeia::site {

bool Server::IsCalled(std::string_view host) const {
  return std::any_of(names.begin(), names.end(), [host](const std::string& own) {
    if (own.starts_with('.')) return host.size() > own.size() && host.ends_with(own);
    if (own.ends_with('.')) return host.size() > own.size() && host.starts_with(own);
    return !own.empty() && host == own;
  });
}

bool VirtualHosts::AddExact(std::string name, const Server* server) {
  const auto [at, added] = exact_.emplace(std::move(name), server);
  return added || at->second == server;
}

bool VirtualHosts::AddSuffix(std::string suffix, const Server* server) {
  const auto [at, added] = suffixes_.emplace(std::move(suffix), server);
  return added || at->second == server;
}

bool VirtualHosts::AddPrefix(std::string prefix, const Server* server) {
  const auto [at, added] = prefixes_.emplace(std::move(prefix), server);
  return added || at->second == server;
}

void VirtualHosts::AddRegex(std::shared_ptr<const Regex> regex, const Server* server) {
  regexes_.push_back({std::move(regex), server});
}

const Server* VirtualHosts::Find(std::string_view host, Values* values, MatchFailure& failure) const {
  if (host.empty()) {
    // `server_name ""` answers for requests without a name.
    const auto nameless = exact_.find(host);
    return nameless != exact_.end() ? nameless->second : default_;
  }
  if (const auto exact = exact_.find(host); exact != exact_.end()) return exact->second;
  if (!suffixes_.empty()) {
    // The longest suffix is the one that begins at the first dot; "*" stands for at least one character.
    for (std::size_t dot = host.find('.', 1); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      if (const auto suffix = suffixes_.find(host.substr(dot)); suffix != suffixes_.end()) return suffix->second;
    }
  }
  if (!prefixes_.empty()) {
    for (std::size_t dot = host.rfind('.'); dot != std::string_view::npos && dot > 0; dot = host.rfind('.', dot - 1)) {
      if (const auto prefix = prefixes_.find(host.substr(0, dot + 1)); prefix != prefixes_.end()) return prefix->second;
    }
  }
  for (const RegexName& name : regexes_) {
    const Matched matched = name.regex->Match(host, values, failure);
    if (matched == Matched::kYes) return name.server;
    if (matched == Matched::kFailed) return default_;
  }
  return default_;
}

const Server* ServerMemo::Find(const VirtualHosts& hosts, std::string_view host, Values& values,
                               MatchFailure& failure) {
  static constexpr std::size_t kLongest = 255;  // of a name in the DNS: nobody makes us keep more
  if (&hosts == hosts_ && util::Same(host, host_)) return server_;
  const Server* const server = hosts.Find(host, &values, failure);
  // What a regex found in the name belongs to that request, and what it did not find may be found the next time.
  if (values.groups.empty() && !failure && host.size() <= kLongest) {
    hosts_ = &hosts;
    host_ = host;
    server_ = server;
  }
  return server;
}

const VirtualHosts& ListenSocket::HostsFor(const sys::Address& local) const {
  for (const Specific& one : specific) {
    if (one.address == local) return one.hosts;
  }
  return hosts;
}

}  // namespace colmeia::site
