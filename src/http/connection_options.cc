#include "http/connection_options.h"

#include "http/list.h"
#include "util/strings.h"

namespace colmeia::http {

void ConnectionOptions::Add(std::string_view value) {
  ForEachElement(value, [this](std::string_view option) {
    if (util::EqualsIgnoreCase(option, "keep-alive")) {
      keep_alive = true;
    } else if (util::EqualsIgnoreCase(option, "close")) {
      close = true;
    } else if (util::EqualsIgnoreCase(option, "upgrade")) {
      upgrade = true;
    }
  });
}

}  // namespace colmeia::http
