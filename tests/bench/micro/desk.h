// A desk for microbenchmarks: a site built from configuration text with all of colmeia's modules, a small tree of
// files, and an exchange that can be run on it again and again, without a socket.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "files/store.h"
#include "h1/parser.h"
#include "log/access_log.h"
#include "log/error_log.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "site/site.h"
#include "sys/address.h"

namespace colmeia::bench {

// The bytes of a request head with so many fields, Host among them; the first ones are a browser's.
[[nodiscard]] std::string HeadText(std::string_view target, std::size_t fields);

// A folder that goes with its owner.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  [[nodiscard]] const std::string& path() const { return path_; }
  std::string Write(const std::string& name, std::size_t bytes) const;  // returns its path

 private:
  std::string path_;
};

class Desk {
 public:
  // `text` stands in a server block whose root is the desk's folder; `http` before it. Access logs lead to /dev/null.
  // Ends the program when the text has mistakes.
  explicit Desk(const std::string& text, const std::string& http = "");

  // Makes the exchange ready for this request, as the connection does once a head was parsed. The text must outlive its
  // use.
  void Begin(std::string& head);

  Folder folder;
  files::Store store;
  pipeline::Services services;
  pipeline::Exchange exchange;
  std::unique_ptr<const site::Site> site;

 private:
  log::ErrorLog silent_;
  std::vector<std::unique_ptr<log::AccessLog>> logs_;
  sys::Address peer_;
  sys::Address local_;
  pipeline::ConnectionFacts facts_;
  h1::HeadLimits limits_;
  h1::RequestHead head_;
};

}  // namespace colmeia::bench
