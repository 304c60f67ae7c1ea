// A warm worker allocates nothing for a small file: every global allocation of this program is counted.
#include <stdlib.h>

#include <chrono>
#include <cstddef>
#include <new>

#include "modules/site_fixture.h"
#include "support/deadline.h"

namespace {

std::size_t allocations = 0;

void* CountedAllocate(std::size_t size) {
  ++allocations;
  if (void* const memory = malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return CountedAllocate(size); }
void* operator new[](std::size_t size) { return CountedAllocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return malloc(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return malloc(size);
}
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, std::size_t) noexcept { free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { free(memory); }

namespace colmeia::modules {
namespace {

class AllocationsTest : public SiteTest {
 protected:
  // More than what grows can take without growing.
  static constexpr std::uint64_t kRounds = 1000;

  // Allocations of many requests to a site that has seen many like them, and looks at the disk of one.
  void Measure(std::string_view path) {
    const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
    std::uint64_t loads = 0;
    RunOnce(path);
    do {
      loads = store.counters().loads;
      EXPECT_EQ(RunOnce(path), http::Status::kOk);
    } while (store.counters().loads != loads && std::chrono::steady_clock::now() < deadline);
    const std::uint64_t looks_before = store.counters().looks;
    const std::size_t allocations_before = allocations;
    for (std::uint64_t round = 0; round < kRounds; ++round) RunOnce(path);
    allocated = allocations - allocations_before;
    looked = (store.counters().looks - looks_before) / kRounds;
  }

  std::size_t allocated = 0;
  std::uint64_t looked = 0;

 private:
  http::Status RunOnce(std::string_view path) {
    pipeline::ConnectionFacts facts{
        .number = 1, .requests = ++requests_, .peer = &peer, .local = pipeline::LocalAddress(&peer)};
    ++services.moment;
    exchange.Reset();
    exchange.connection = &facts;
    exchange.services = &services;
    exchange.server = site->listeners.at(0).hosts.default_server();
    exchange.request.method = http::Method::kGet;
    exchange.request.method_text = "GET";
    exchange.request.line = "GET / HTTP/1.1";
    exchange.request.path = path;
    exchange.request.host = "hive.example";
    exchange.request.fields.Add("Host", "hive.example");
    exchange.request.fields.Add("User-Agent", "bee");
    pipeline::Runner::Run(exchange);
    pipeline::Runner::Log(exchange);
    // As a worker does at the end of a turn: what it holds back is bounded.
    for (log::AccessLog* const log : services.logs) log->Flush();
    return exchange.response.status;
  }

  std::uint32_t requests_ = 0;
};

TEST_F(AllocationsTest, AreNoneForAWarmFile) {
  folder.Write("a.html", "hello");
  Configure("http { server { listen 80; root " + folder.path() + "; } }");
  Measure("/a.html");
  EXPECT_EQ(allocated, 0u);
  EXPECT_EQ(looked, 1u);
}

TEST_F(AllocationsTest, AreNoneForAWarmIndex) {
  folder.Write("index.html", "hello");
  Configure("http { server { listen 80; root " + folder.path() + "; } }");
  Measure("/");
  EXPECT_EQ(allocated, 0u);
  EXPECT_EQ(looked, 1u);
}

TEST_F(AllocationsTest, AreNoneWithOpenFileCache) {
  folder.Write("a.html", "hello");
  Configure("http { open_file_cache max=10; server { listen 80; root " + folder.path() + "; } }");
  Measure("/a.html");
  EXPECT_EQ(allocated, 0u);
  EXPECT_EQ(looked, 0u);
}

TEST_F(AllocationsTest, AreNoneWhereOtherTypesHaveSomethingAdded) {
  folder.Write("a.txt", "hello");
  Configure("http { types { text/plain txt; } server { listen 80; root " + folder.path() +
            "; add_before_body /b; log_subrequest on; } }");
  Measure("/a.txt");
  EXPECT_EQ(allocated, 0u);
  EXPECT_EQ(looked, 1u);
}

TEST_F(AllocationsTest, AreNoneForAddedFields) {
  folder.Write("a.html", "hello");
  Configure("http { server { listen 80; root " + folder.path() + "; add_header X-Path $uri; expires 1h; } }");
  Measure("/a.html");
  EXPECT_EQ(allocated, 0u);
  EXPECT_EQ(looked, 1u);
}

}  // namespace
}  // namespace colmeia::modules
