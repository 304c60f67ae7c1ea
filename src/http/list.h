// Comma-separated lists of RFC 9110 section 5.6.1, for lists without quoted strings.
#pragma once

#include <string_view>

#include "util/strings.h"

namespace colmeia::http {

// Calls `each(element)` for every non-empty element, without the white space around it. Empty elements are legal and
// skipped.
template <class Each>
void ForEachElement(std::string_view list, Each&& each) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = util::Trim(list.substr(0, comma));
    if (!element.empty()) each(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace colmeia::http
