// colmeia serve DIR: a folder over HTTP by one command, in the foreground, without a configuration file.
//
// It writes the configuration that a person would write for that, and launches it: nothing else in the program knows of
// this command. There is no pid file and no control socket, so any number of them run beside each other and beside an
// installed server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/inherited.h"
#include "sys/address.h"
#include "util/result.h"

namespace colmeia::app {

struct ServeLine {
  bool help = false;
  std::string folder;  // as it was given
  std::string listen;  // as in the `listen` directive; empty: the first free port from 8080 on, on 127.0.0.1
  std::vector<sys::Address> addresses{};  // what that stands for, by the name service where it has a name
  bool listing = false;                   // what a folder without an index page holds is shown
};

// `arguments` are those after "serve". The error names the one that is wrong.
[[nodiscard]] Result<ServeLine> ParseServeLine(const std::vector<std::string>& arguments);

[[nodiscard]] std::string ServeHelp();

// The directives that serve `folder`, a real path, at `listen`. `user` is the user of workers, empty for the one that
// is without a word: it is said by root only.
[[nodiscard]] std::string ServeDirectives(const std::string& folder, const std::string& listen, bool listing,
                                          const std::string& user);

// "http://localhost:8080" for an address that a browser can go to; a Unix socket as it is written in `listen`.
[[nodiscard]] std::string UrlOf(std::string_view address);

// The whole command. `arguments` is argv.
[[nodiscard]] int Serve(const std::vector<std::string>& arguments, resources::Inheritance inheritance);

}  // namespace colmeia::app
