#include "micro/desk.h"

#include <fcntl.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>

#include "app/modules.h"
#include "config/diagnostic.h"
#include "config/source.h"
#include "site/builder.h"
#include "sys/files.h"
#include "util/check.h"

namespace colmeia::bench {
namespace {

class NoResolver final : public site::Resolver {
 public:
  Result<std::vector<sys::Address>> Resolve(const std::string& text) override { return Fail("no names here: " + text); }
};

constexpr std::string_view kFields[] = {
    "Host: localhost",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9,pt;q=0.8,de;q=0.7",
    "Cache-Control: no-cache",
    "Connection: keep-alive",
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=all",
    "DNT: 1",
    "Pragma: no-cache",
    "Referer: http://localhost/somewhere/else.html?from=here",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    "Upgrade-Insecure-Requests: 1",
};

}  // namespace

std::string HeadText(std::string_view target, std::size_t fields) {
  std::string text = "GET " + std::string(target) + " HTTP/1.1\r\n";
  for (std::size_t i = 0; i < fields; ++i) {
    if (i < std::size(kFields)) {
      text += kFields[i];
    } else {
      text += "X-Field-" + std::to_string(i) + ": a value of a usual length";
    }
    text += "\r\n";
  }
  return text + "\r\n";
}

Folder::Folder() {
  path_ = (std::filesystem::temp_directory_path() / "bench-micro-XXXXXX").string();
  CHECK(mkdtemp(path_.data()) != nullptr);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::Write(const std::string& name, std::size_t bytes) const {
  std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << std::string(bytes, 'x');
  return path;
}

Desk::Desk(const std::string& text, const std::string& http)
    : peer_(*sys::Address::FromIp("192.0.2.7", 4711)), local_(*sys::Address::FromIp("127.0.0.1", 80)) {
  config::Source source = config::Source::FromText(
      "bench.conf", "http { " + http + " server { listen 127.0.0.1:80; root " + folder.path() + "; " + text + " } }");
  source.prefix = folder.path() + "/";
  source.conf_path = folder.path() + "/bench.conf";
  config::Diagnostics diagnostics;
  NoResolver resolver;
  site = site::BuildSite(source, {.modules = &app::Modules(), .resolver = &resolver}, diagnostics);
  if (site == nullptr) {
    std::fputs(diagnostics.Render().c_str(), stderr);
    std::exit(1);
  }
  services.site = site.get();
  services.files = &store;
  services.hostname = "machine";
  services.pid = 42;
  services.now = util::TimePoint{} + std::chrono::hours(1);
  services.wall_ms = 1'795'000'000'000;
  services.error_logs.assign(site->error_logs.size(), &silent_);
  for (std::size_t i = 0; i < site->logs.size(); ++i) {
    logs_.push_back(std::make_unique<log::AccessLog>(*sys::OpenFile("/dev/null", O_WRONLY)));
    services.logs.push_back(logs_.back().get());
  }
  facts_ = {.number = 9, .requests = 0, .peer = &peer_, .local = pipeline::LocalAddress(&local_)};
}

void Desk::Begin(std::string& head) {
  exchange.Reset();
  h1::Parser parser(limits_);
  CHECK(parser.ParseHead(head, head_).state == h1::HeadState::kComplete);
  ++facts_.requests;
  exchange.connection = &facts_;
  exchange.services = &services;
  exchange.server = site->servers.front().get();
  http::Request& request = exchange.request;
  request.Take(head_);
  request.path = request.target.substr(0, request.target.find('?'));
  request.args = request.target.substr(std::min(request.target.size(), request.path.size() + 1));
  request.host = "localhost";
  request.length = head.size();
}

}  // namespace colmeia::bench
