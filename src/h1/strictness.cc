#include "h1/strictness.h"

#include <string_view>

#include <llhttp.h>

namespace colmeia::h1 {

bool LlhttpIsStrict() {
  constexpr std::string_view kSmuggled = "GET / HTTP/1.1\r\nHost: x\r\n\rX: y\r\n\r\n";
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  return llhttp_execute(&parser, kSmuggled.data(), kSmuggled.size()) != HPE_OK;
}

}  // namespace colmeia::h1
