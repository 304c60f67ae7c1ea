// From `listen` and `server_name` directives to the sockets of a Site and the servers behind each.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "site/builder.h"
#include "site/core_module.h"
#include "site/site.h"

namespace colmeia::site {

// Collects the servers in the order of the configuration, then makes the listeners.
class ListenerBuilder {
 public:
  // All must outlive the builder.
  ListenerBuilder(const config::Source& source, Resolver& resolver, const VariableNames& variables,
                  config::Diagnostics& diagnostics)
      : source_(source), resolver_(resolver), variables_(variables), diagnostics_(diagnostics) {}

  // Reads the server's names and addresses, and gives `server` its name. `block` is the place of the server block.
  void Add(Server& server, const CoreDraft& draft, config::Span block);

  // Ordinals follow the first appearance of each address. The builder is empty afterwards.
  [[nodiscard]] std::vector<ListenSocket> Finish();

 private:
  struct Name {
    enum class Kind { kExact, kSuffix, kPrefix, kRegex };
    Kind kind = Kind::kExact;
    std::string text;
    std::shared_ptr<const Regex> regex;
    config::Span span;
  };
  // One server on one address.
  struct Use {
    const Server* server = nullptr;
    std::size_t names = 0;  // index into names_
    bool default_server = false;
    config::Span span;
  };
  struct Socket {
    sys::Address address;
    std::string name;
    ListenDraft options;
    bool has_options = false;
    std::vector<Use> uses;
    config::Span first;
  };

  [[nodiscard]] std::vector<Name> ReadNames(const CoreDraft& draft);
  [[nodiscard]] std::vector<sys::Address> Addresses(const PlacedText& text);
  void AddUse(const sys::Address& address, const ListenDraft& listen, const Use& use);
  [[nodiscard]] VirtualHosts HostsOf(const Socket& socket);
  void AddName(VirtualHosts& hosts, const Name& name, const Server* server, const std::string& address);

  const config::Source& source_;
  Resolver& resolver_;
  const VariableNames& variables_;
  config::Diagnostics& diagnostics_;
  // The index of the wildcard socket that also takes the clients of `socket`, or sockets_.size(). Needs wildcards_.
  [[nodiscard]] std::size_t WildcardFor(const Socket& socket) const;

  std::vector<Socket> sockets_;
  std::unordered_map<std::string, std::size_t> by_address_;   // indices into sockets_; hundreds of addresses are usual
  std::unordered_map<std::uint32_t, std::size_t> wildcards_;  // by family and port
  std::vector<std::vector<Name>> names_;
};

}  // namespace colmeia::site
