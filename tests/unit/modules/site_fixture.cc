#include "modules/site_fixture.h"

#include <unistd.h>

#include "modules/access.h"
#include "modules/access_log.h"
#include "modules/addition.h"
#include "modules/autoindex.h"
#include "modules/charset.h"
#include "modules/compression.h"
#include "modules/conditional.h"
#include "modules/gunzip.h"
#include "modules/hash_sizes.h"
#include "modules/headers.h"
#include "modules/hive.h"
#include "modules/index.h"
#include "modules/limit_conn.h"
#include "modules/limit_req.h"
#include "modules/open_file_cache.h"
#include "modules/precompressed.h"
#include "modules/ranges.h"
#include "modules/return.h"
#include "modules/static_files.h"
#include "modules/stub_status.h"
#include "modules/try_files.h"
#include "pipeline/aio.h"
#include "pipeline/client_body.h"
#include "pipeline/content_coding.h"
#include "pipeline/variables.h"
#include "site/core_module.h"
#include "site/events.h"
#include "site/process.h"

namespace colmeia::modules {
namespace {

class NoResolver final : public site::Resolver {
 public:
  Result<std::vector<sys::Address>> Resolve(const std::string& host) override {
    return Fail("no names in tests: " + host);
  }
};

// How it ended. What waits is left waiting.
template <class Take>
pipeline::BodySource::Pulled PullAll(pipeline::BodySource& source, Take take) {
  for (;;) {
    pipeline::Piece piece;
    const auto pulled = source.Next(piece);
    if (piece.length > 0) take(piece);
    if (pulled != pipeline::BodySource::Pulled::kMore) return pulled;
  }
}

}  // namespace

const site::ModuleList& TestModules() {
  static const site::ModuleList kList({&site::kProcess,
                                       &site::kEvents,
                                       &site::kCore,
                                       &pipeline::kVariables,
                                       &kHashSizes,
                                       &kOpenFileCache,
                                       &pipeline::kClientBody,
                                       &kReturn,
                                       &kLimitConn,
                                       &kLimitReq,
                                       &kAccess,
                                       &kTryFiles,
                                       &kStubStatus,
                                       &kHive,
                                       &kIndex,
                                       &kAutoindex,
                                       &kPrecompressed,
                                       &kStaticFiles,
                                       &kConditional,
                                       &kCharset,
                                       &kHeaders,
                                       &kGunzip,
                                       &kAddition,
                                       &kCompression,
                                       &kRanges,
                                       &pipeline::kContentCoding,
                                       &pipeline::kAio,
                                       &kAccessLog});
  return kList;
}

SiteTest::SiteTest()
    : peer(*sys::Address::FromIp("192.0.2.7", 40000)),
      error_file_(*sys::OpenFile(folder / "error.log", O_RDWR | O_CREAT | O_APPEND)),
      error_log_({{.fd = error_file_.get(), .level = log::Level::kInfo}}),
      local_(*sys::Address::FromIp("192.0.2.1", 80)) {
  services.loop = &loop;
  services.files = &store;
  services.variants = &variants;
  services.now = util::TimePoint{} + std::chrono::hours(1);
  services.wall_ms = 1'795'000'000'000;  // Wed, 18 Nov 2026 11:06:40 GMT
  services.hostname = "hive";
  services.pid = 4711;
}

std::unique_ptr<const site::Site> SiteTest::Build(const std::string& text, config::Diagnostics& diagnostics) {
  config::Source source = config::Source::FromText("test.conf", text);
  source.prefix = folder.path() + "/";
  source.conf_path = folder / "test.conf";
  NoResolver resolver;
  return site::BuildSite(source, {.modules = &TestModules(), .resolver = &resolver}, diagnostics);
}

void SiteTest::Configure(const std::string& text) {
  config::Diagnostics diagnostics;
  site = Build(text, diagnostics);
  ASSERT_NE(site, nullptr) << diagnostics.Render();
  services.site = site.get();
  OpenLogs();
  MakeZones();
}

void SiteTest::Serve(const std::string& text) {
  Configure("http { access_log off; server { listen 80; server_name hive.example; root " + folder.path() + "; " + text +
            "\n} }");
}

std::string SiteTest::ErrorsOfWhole(const std::string& text) {
  config::Diagnostics diagnostics;
  Build(text, diagnostics);
  return diagnostics.Render();
}

std::string SiteTest::ErrorsOf(const std::string& text) {
  return ErrorsOfWhole("http { server { listen 80; " + text + "\n} }");
}

void SiteTest::OpenLogs() {
  services.error_logs.assign(site->error_logs.size(), &error_log_);
  services.logs.clear();
  access_logs_.clear();
  access_paths_.clear();
  for (const site::LogFile& file : site->logs) {
    const std::string path = folder / ("log-" + std::to_string(access_paths_.size()));
    access_paths_.push_back(path);
    access_logs_.push_back(std::make_unique<log::AccessLog>(*sys::OpenFile(path, O_WRONLY | O_CREAT | O_APPEND)));
    services.logs.push_back(access_logs_.back().get());
    static_cast<void>(file);
  }
}

// As a master makes them and a worker maps them, with the share of holder 0.
void SiteTest::MakeZones() {
  exchange.Reset();
  services.zones.clear();
  zone_memory.clear();
  for (const site::Zone& planned : site->zones) {
    const zone::TableGeometry geometry{.kind = planned.kind, .size = planned.size, .page_size = 4096};
    const auto fd = sys::SharedMemfd("test-zone", geometry.total_size());
    zone_memory.push_back(*sys::Mapping::MapShared(fd->get(), geometry.ShareAt(16), /*writable=*/true));
    auto* const bytes = static_cast<std::byte*>(zone_memory.back().data());
    zone::Table::Format({bytes, geometry.common_size()}, geometry, {1, 2});
    pipeline::ZoneInUse lent{.table = zone::Table::Attach({bytes, geometry.common_size()}, geometry)};
    if (planned.kind == zone::ZoneKind::kCounts) {
      lent.share = {reinterpret_cast<zone::ShareCell*>(bytes + geometry.ShareAt(0)), geometry.slots()};
    }
    services.zones.push_back(lent);
  }
}

zone::CountTable SiteTest::OtherHolder(std::size_t ordinal, std::uint32_t holder) {
  const zone::Table& table = services.zones[ordinal].table;
  auto* const bytes = static_cast<std::byte*>(zone_memory[ordinal].data());
  return {table, {reinterpret_cast<zone::ShareCell*>(bytes + table.geometry().ShareAt(holder)), table.size()}, holder};
}

Answer SiteTest::Ask(std::string_view method, std::string_view target, RequestFields fields) {
  pipeline::ConnectionFacts facts;
  facts.number = 12;
  facts.requests = ++requests_;
  facts.peer = &peer;
  facts.local.Know(&local_);
  const std::string line = std::string(method) + " " + std::string(target) + " HTTP/1.1";
  const std::size_t question = target.find('?');

  exchange.Reset();
  exchange.connection = &facts;
  exchange.services = &services;
  exchange.server = site->listeners.at(0).hosts.default_server();
  exchange.started = services.now;
  ++services.moment;
  http::Request& request = exchange.request;
  request.method = http::FindMethod(method);
  request.method_text = method;
  request.head_only = request.method == http::Method::kHead;
  request.line = line;
  request.target = target;
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.args = target.substr(question + 1);
  request.host = host;
  for (const auto& [name, value] : fields) request.fields.Add(name, value);

  auto progress = pipeline::Runner::Run(exchange);
  while (progress == pipeline::RunState::kWaits) {
    bool ready = false;
    exchange.awaiting()->SetRunner([&ready] { ready = true; });
    while (!ready) services.loop->RunOnce();
    progress = pipeline::Runner::Resume(exchange);
  }
  pipeline::Response& response = exchange.response;
  Answer answer{.status = http::Code(response.status), .body = {}, .fields = {}};
  const auto take = [&](const pipeline::Piece& piece) {
    if (piece.in_memory()) {
      answer.body += piece.memory;
    } else {
      std::string part(piece.length, '\0');
      EXPECT_EQ(pread(piece.fd, part.data(), part.size(), piece.offset), static_cast<ssize_t>(part.size()));
      answer.body += part;
    }
  };
  for (const pipeline::Piece& piece : response.body.pieces()) take(piece);
  if (response.body.source() != nullptr && !request.head_only) answer.pulled = PullAll(*response.body.source(), take);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) answer.fields.emplace_back(name, value);
  };
  add("Content-Type", response.content_type);
  add("Last-Modified", response.last_modified);
  add("ETag", response.etag);
  add("Accept-Ranges", response.accepts_ranges ? "bytes" : "");
  for (const http::Field& field : response.fields) add(field.name, field.value);
  response.body_bytes_sent = response.body.length();
  response.complete = true;
  pipeline::Runner::Log(exchange);
  return answer;
}

std::string SiteTest::ErrorLogText() const { return *sys::ReadFile(folder / "error.log"); }

std::size_t SiteTest::LogNamed(const std::string& path) const {
  for (std::size_t i = 0; i < site->logs.size(); ++i) {
    if (site->logs[i].path == path) return i;
  }
  ADD_FAILURE() << path;
  return 0;
}

std::string SiteTest::AccessLogText(std::size_t ordinal) {
  access_logs_.at(ordinal)->Flush();
  return *sys::ReadFile(access_paths_.at(ordinal));
}

}  // namespace colmeia::modules
