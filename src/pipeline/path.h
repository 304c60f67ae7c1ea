// From a request's path to a file's name: root and alias.
#pragma once

#include <string_view>

namespace colmeia::pipeline {

class Exchange;

// The document root of this exchange's location, absolute, without a slash at the end unless written so.
[[nodiscard]] std::string_view DocumentRoot(Exchange& exchange);

// The file name for `path` (normally exchange.request.path) by root or alias, absolute and NUL-terminated one byte past
// its end, in the exchange's arena. It says nothing about whether such a file exists.
[[nodiscard]] std::string_view MapPath(Exchange& exchange, std::string_view path);

}  // namespace colmeia::pipeline
