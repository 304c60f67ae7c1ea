#include "site/builder.h"

#include <gmock/gmock.h>

#include "pipeline/site_fixture.h"

namespace colmeia::site {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using BuilderTest = pipeline::SiteTest;

TEST_F(BuilderTest, LetsADirectiveBehindABlockCountForTheBlock) {
  LoadServer("location / { say $document_root; } root /late;");

  EXPECT_EQ(Get("/"), "/late");
}

TEST_F(BuilderTest, ResolvesRelativeRootsByThePrefixAndAliasesByTheLocation) {
  LoadServer("location /r { root www; say $request_filename; } location /a/ { alias /data/; say $request_filename; }");

  EXPECT_EQ(Get("/r/x"), "/srv/www/r/x");
  EXPECT_EQ(Get("/a/x"), "/data/x");
}

TEST_F(BuilderTest, TakesARegexLocationsAliasAsTheWholeFileName) {
  LoadServer("location ~ ^/u/(.+)$ { alias /home/$1; say $request_filename; }");

  EXPECT_EQ(Get("/u/ana/x"), "/home/ana/x");
}

TEST_F(BuilderTest, GivesListenersTheOrderOfTheConfiguration) {
  Load("http { server { listen 81; listen unix:/run/x; } server { listen 80; listen 81; } }");
  ASSERT_NE(site, nullptr) << mistakes;

  std::vector<std::string> names;
  for (const ListenSocket& listener : site->listeners) names.push_back(listener.name);
  EXPECT_THAT(names, testing::ElementsAre("0.0.0.0:81", "unix:/run/x", "0.0.0.0:80"));
}

TEST_F(BuilderTest, ServesASpecificAddressThroughTheWildcardsSocket) {
  Load("http { server { listen 80; } server { listen 127.0.0.1:80; } }");
  ASSERT_NE(site, nullptr) << mistakes;

  ASSERT_EQ(site->listeners.size(), 1u);
  const auto loopback = *sys::Address::FromIp("127.0.0.1", 80);
  const auto other = *sys::Address::FromIp("127.0.0.9", 80);
  EXPECT_EQ(site->listeners[0].HostsFor(loopback).default_server(), site->servers[1].get());
  EXPECT_EQ(site->listeners[0].HostsFor(other).default_server(), site->servers[0].get());
}

TEST_F(BuilderTest, ListenTunesItsSocket) {
  using KeepAlive = sys::SocketTuning::KeepAlive;
  Load(
      "http { server { listen 80 deferred fastopen=9 rcvbuf=64k sndbuf=1m so_keepalive=30m::10; "
      "listen 81 so_keepalive=on; listen 82 so_keepalive=off; listen 83; } }");

  ASSERT_EQ(site->listeners.size(), 4u);
  const sys::SocketTuning tuned{.deferred = true,
                                .rcvbuf = 65536,
                                .sndbuf = 1048576,
                                .fastopen = 9,
                                .keepalive = KeepAlive::kOn,
                                .keepalive_idle = 1800,
                                .keepalive_count = 10};
  EXPECT_EQ(site->listeners[0].tuning, tuned);
  EXPECT_EQ(site->listeners[1].tuning.keepalive, KeepAlive::kOn);
  EXPECT_EQ(site->listeners[2].tuning.keepalive, KeepAlive::kOff);
  EXPECT_EQ(site->listeners[3].tuning, sys::SocketTuning{});
}

TEST_F(BuilderTest, ListensOnEveryAddressOfAName) {
  Load("http { server { listen twin:90; } }");
  ASSERT_NE(site, nullptr) << mistakes;

  EXPECT_EQ(site->listeners.size(), 2u);
}

TEST_F(BuilderTest, ChoosesServersByName) {
  Load(
      "http { server { listen 80; server_name a.org; } server { listen 80; server_name *.org .net; }"
      "server { listen 80; server_name www.*; } server { listen 80; server_name ~^x(?<n>\\d+)\\.; }"
      "server { listen 80 default_server; server_name _; } }");
  ASSERT_NE(site, nullptr) << mistakes;
  Values values;
  const auto server = [&](std::string_view host) {
    MatchFailure failure;
    const Server* const found = site->listeners[0].hosts.Find(host, &values, failure);
    for (std::size_t i = 0; i < site->servers.size(); ++i) {
      if (site->servers[i].get() == found) return static_cast<int>(i);
    }
    return -1;
  };

  EXPECT_EQ(server("a.org"), 0);
  EXPECT_EQ(server("b.org"), 1);
  EXPECT_EQ(server("x.b.org"), 1);
  EXPECT_EQ(server("net"), 1);
  EXPECT_EQ(server("a.net"), 1);
  EXPECT_EQ(server("www.a.com"), 2);
  EXPECT_EQ(server("x17.com"), 3);
  EXPECT_THAT(values.groups, testing::Contains("17"));
  EXPECT_EQ(server("other.com"), 4);
  EXPECT_EQ(server(""), 4);
}

TEST_F(BuilderTest, ANameThatCannotBeMatchedIsNoOtherServers) {
  Load(
      "http { server { listen 80 default_server; server_name ~^((\\w+)+)\\.pem$; }"
      "server { listen 80; server_name ~.; } }");
  ASSERT_NE(site, nullptr) << mistakes;
  ServerMemo memo;
  for (int times = 0; times < 2; ++times) {
    Values values;
    MatchFailure failure;
    EXPECT_EQ(memo.Find(site->listeners[0].hosts, std::string(40, 'a') + ".pemx", values, failure),
              site->servers[0].get());
    EXPECT_TRUE(failure);
  }
  Values values;
  MatchFailure failure;
  EXPECT_EQ(memo.Find(site->listeners[0].hosts, "a.org", values, failure), site->servers[1].get());
  EXPECT_FALSE(failure);
}

TEST_F(BuilderTest, RemembersTheServerOfOneNameOnOneListener) {
  Load(
      "http { server { listen 80; server_name a.org; } server { listen 80 default_server; server_name b.org; }"
      "server { listen 81; server_name a.org; } server { listen 81; server_name ~^x(?<n>\\d+)\\.; } }");
  ASSERT_NE(site, nullptr) << mistakes;
  const VirtualHosts& first = site->listeners[0].hosts;
  const VirtualHosts& second = site->listeners[1].hosts;
  ServerMemo memo;
  const auto server = [&](const VirtualHosts& hosts, std::string_view host) {
    Values values;
    MatchFailure failure;
    const Server* const found = memo.Find(hosts, host, values, failure);
    for (std::size_t i = 0; i < site->servers.size(); ++i) {
      const int named = values.At(0).state == ValueSlot::State::kValue ? 1 : 0;
      const int groups = static_cast<int>(values.groups.size()) + named;
      if (site->servers[i].get() == found) return static_cast<int>(i) + 10 * groups;
    }
    return -1;
  };

  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(server(first, "a.org"), 0);
    EXPECT_EQ(server(first, "a.org"), 0);
    EXPECT_EQ(server(second, "a.org"), 2);
    EXPECT_EQ(server(first, "b.org"), 1);
    EXPECT_EQ(server(second, "b.org"), 2);  // the default of that one
    EXPECT_EQ(server(first, ""), 1);
    // With its groups each time: the whole, and the one by number and by name.
    EXPECT_EQ(server(second, "x17.org"), 33);
    EXPECT_EQ(server(second, "x17.org"), 33);
  }
}

struct Mistake {
  const char* text;
  const char* message;
};
class BuilderMistakeTest : public pipeline::SiteTest, public testing::WithParamInterface<Mistake> {};

TEST_P(BuilderMistakeTest, IsReported) {
  Load(GetParam().text);

  EXPECT_EQ(site, nullptr);
  EXPECT_THAT(mistakes, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, BuilderMistakeTest,
    testing::Values(
        Mistake{"http {} http {}", "\"http\" directive is duplicate"},
        Mistake{"http { server { listen 80; listen 80; } }", "a duplicate listen 0.0.0.0:80"},
        Mistake{"http { server { listen 80 default_server; } server { listen 80 default_server; } }",
                "a duplicate default server for 0.0.0.0:80"},
        Mistake{"http { server { listen 80 backlog=5; } server { listen 80 reuseport; } }",
                "duplicate listen options for 0.0.0.0:80"},
        Mistake{"http { server { listen nowhere:80; } }", "host not found in \"nowhere:80\""},
        Mistake{"http { server { listen 80 deferred; } server { listen 80 rcvbuf=1k; } }",
                "duplicate listen options for 0.0.0.0:80"},
        Mistake{"http { server { listen 80 fastopen=0; } }", "expected fastopen=NUMBER"},
        Mistake{"http { server { listen 80 sndbuf=much; } }", "expected a size"},
        Mistake{"http { server { listen 80 so_keepalive=::; } }", "expected so_keepalive="},
        Mistake{"http { server { listen 80 so_keepalive=1m:2; } }", "expected so_keepalive="},
        Mistake{"http { server { listen 80 so_keepalive=1m::200; } }", "expected so_keepalive="},
        Mistake{"http { server { listen 80 ssl; } }", "colmeia serves plain HTTP/1.1 only"},
        Mistake{"http { server { location /a { location /b {} } } }", "location \"/b\" is outside location \"/a\""},
        Mistake{"http { server { location = /a { location /a {} } } }", "cannot be inside the exact location"},
        Mistake{"http { server { location /a {} location /a {} } }", "duplicate location \"/a\""},
        Mistake{"http { server { location /a { location @n {} } } }", "can be on the server level only"},
        Mistake{"http { server { location ~ ( {} } }", "regular expression"},
        Mistake{"http { server { location !~ a {} } }", "invalid location modifier"},
        Mistake{"http { server { server_name w*w.org; } }", "invalid server name"},
        Mistake{"http { server { location / { root /a; alias /b; } } }",
                "\"alias\" directive is duplicate, \"root\" directive was specified earlier"},
        Mistake{"http { error_page 200 /x; }", "error_page"}, Mistake{"error_log x loud;", "loud"}));

TEST_F(BuilderTest, KnowsNamedGroupsInEachOfTheirSpellings) {
  LoadServer(
      "location ~ \"^/(?'a'.)(?P<b>.)(?<c>.)(?<=x)(?<!y)$\" { say $a$b$c; }"
      "location ~*^/([(?<no>]+)(?#(?<none>x)$ { say other; }");

  EXPECT_EQ(Get("/12x"), "12x");

  Load("http { server { listen 127.0.0.1:80; location ~ \"[(?<no>](?#(?<none>x)(?<=x)\" { say $no$none; } } }");
  EXPECT_THAT(mistakes, AllOf(HasSubstr("unknown \"no\" variable"), HasSubstr("unknown \"none\" variable")));
}

TEST_F(BuilderTest, BuildsNothingFromBlocksBehindAMissingSemicolon) {
  Load(
      "http { server { root html\nlocation / { location /a { say $uri; } }\nlisten 127.0.0.1:80\nlocation ~ x { say "
      "a\n} "
      "} }\nerror_log stderr\nhttp { }");

  EXPECT_EQ(site, nullptr);
  EXPECT_THAT(mistakes, HasSubstr("is a ; missing after line 6?"));
}

TEST_F(BuilderTest, WarnsOfANameThatTwoServersClaim) {
  Load("http { server { listen 80; server_name a; } server { listen 80; server_name a; } }");

  EXPECT_NE(site, nullptr);
  EXPECT_THAT(mistakes, HasSubstr("conflicting server name \"a\" on 0.0.0.0:80, ignored"));
}

TEST_F(BuilderTest, GivesErrorLogsOrdinalsWithTheMainContextsFirst) {
  Load(
      "error_log /var/main warn; http { server { listen 1; error_log /var/own; location / { error_log /var/main; } } "
      "}");
  ASSERT_NE(site, nullptr) << mistakes;

  ASSERT_EQ(site->logs.size(), 2u);
  EXPECT_EQ(site->logs[0].path, "/var/main");
  EXPECT_EQ(site->logs[0].where, "/etc/test.conf:1");
  EXPECT_EQ(site->logs[1].path, "/var/own");
  ASSERT_EQ(site->error_logs.size(), 3u);
  EXPECT_EQ(site->error_logs[0][0].level, static_cast<int>(log::Level::kWarn));
  EXPECT_EQ(site->error_logs[1][0].log, 1u);
  EXPECT_EQ(site->error_logs[2][0].log, 0u);
}

}  // namespace
}  // namespace colmeia::site
