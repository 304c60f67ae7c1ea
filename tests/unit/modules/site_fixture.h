// A fixture that serves a site from configuration text, without sockets: the text is built as a worker builds it, and
// an exchange goes through the runner.
#pragma once

#include <fcntl.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/diagnostic.h"
#include "config/source.h"
#include "files/store.h"
#include "files/temp_folder.h"
#include "log/access_log.h"
#include "log/error_log.h"
#include "loop/loop.h"
#include "pipeline/exchange.h"
#include "pipeline/runner.h"
#include "pipeline/services.h"
#include "pipeline/variant_cache.h"
#include "site/builder.h"
#include "site/site.h"
#include "sys/files.h"
#include "sys/memfd.h"
#include "zone/count_table.h"

namespace colmeia::modules {

// All modules, in pipeline order.
[[nodiscard]] const site::ModuleList& TestModules();

// What a client would see of a response.
struct Answer {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<pipeline::BodySource::Pulled> pulled{};  // of a source: how its last pull ended

  [[nodiscard]] std::string operator[](std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return "(none)";
  }
};

class SiteTest : public testing::Test {
 protected:
  using RequestFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  SiteTest();

  // Builds `text` as a whole configuration. The prefix is the test's folder.
  void Configure(const std::string& text);
  // Builds a server with root in the test's folder and `text` in it.
  void Serve(const std::string& text);
  // What is wrong with a server of this text.
  [[nodiscard]] std::string ErrorsOf(const std::string& text);
  [[nodiscard]] std::string ErrorsOfWhole(const std::string& text);

  // Of the zone with that ordinal: holders other than the one who serves.
  [[nodiscard]] zone::CountTable OtherHolder(std::size_t ordinal, std::uint32_t holder);

  // `target` is a path that needs no decoding, with arguments behind a question mark.
  Answer Ask(std::string_view method, std::string_view target, RequestFields fields = {});
  Answer Get(std::string_view target, RequestFields fields = {}) { return Ask("GET", target, fields); }

  [[nodiscard]] std::string ErrorLogText() const;
  // The ordinal of the log with this path.
  [[nodiscard]] std::size_t LogNamed(const std::string& path) const;
  [[nodiscard]] std::string AccessLogText(std::size_t ordinal = 0);

  loop::Loop loop;  // what waits, and streams, have timers of it
  files::TempFolder folder;
  files::Store store;
  pipeline::VariantCache variants;  // without a loop: of small files only
  pipeline::Services services;
  sys::Address peer;
  std::string host = "hive.example";      // that is asked for, as a connection would give it
  std::vector<sys::Mapping> zone_memory;  // by ordinal; the exchange gives back what it is counted in
  pipeline::Exchange exchange;
  std::unique_ptr<const site::Site> site;

 private:
  std::unique_ptr<const site::Site> Build(const std::string& text, config::Diagnostics& diagnostics);
  void OpenLogs();
  void MakeZones();

  sys::UniqueFd error_file_;
  log::ErrorLog error_log_;
  std::vector<std::unique_ptr<log::AccessLog>> access_logs_;
  std::vector<std::string> access_paths_;
  sys::Address local_;
  std::uint32_t requests_ = 0;
};

}  // namespace colmeia::modules
