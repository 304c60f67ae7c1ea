// How the bodies of requests are collected (pipeline/request_body.h): the directives client_body_..., the variables
// $request_body and $request_body_file, and who asks for a body where no module needs it for itself:
//
// 1. client_body_early_read: before anything else is asked.
// 2. client_body_in_file_only on or clean: nginx's directive keeps what is read; here it is a reason to read.
// 3. A directive that names one of the two variables: what it says can only be said when the body is there. `return`
//    waits for it itself; for all others it is collected once access is granted.
#pragma once

#include <cstdint>
#include <vector>

#include "files/temp_file.h"
#include "pipeline/outcome.h"
#include "site/module.h"
#include "site/template.h"

namespace colmeia::pipeline {

class Exchange;

// client_body_in_file_only.
enum class InFileOnly : std::uint8_t {
  kOff,    // in memory while it is small, else in a file without a name
  kOn,     // in a file that stays
  kClean,  // in a file with a name, until the request is over
};

struct ClientBodySettings {
  std::uint64_t buffer_size = 0;
  InFileOnly in_file_only = InFileOnly::kOff;
  files::TempPath temp_path;
  std::vector<site::Template> early_read;  // a value but "" and "0" says yes
};

// Before the handlers that may wait for a body, and behind those of access.
extern const site::Module kClientBody;

// Whether some place's settings are a reason to collect a body: 2. or 3.
[[nodiscard]] bool CollectsBody(const site::SettingsSet& settings);
// The same or client_body_early_read.
[[nodiscard]] bool MayCollectBody(const site::SettingsSet& settings);

// `then`, once the body is collected where this place has a reason to; else at once.
[[nodiscard]] Outcome WithBody(Exchange& exchange, site::Handler then);

}  // namespace colmeia::pipeline
