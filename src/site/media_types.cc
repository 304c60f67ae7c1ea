#include "site/media_types.h"

#include <algorithm>

#include "util/strings.h"

namespace colmeia::site {

bool MediaTypes::Has(std::string_view type) const {
  return std::any_of(types_.begin(), types_.end(),
                     [type](const std::string& one) { return one == "*" || util::EqualsIgnoreCase(one, type); });
}

bool MediaTypes::HasTypeOf(std::string_view content_type) const {
  return Has(util::Trim(content_type.substr(0, content_type.find(';'))));
}

void MediaTypes::Add(std::optional<MediaTypes>& draft, const config::Call& call) {
  if (!draft) draft.emplace();
  for (const config::Word& word : call.args()) {
    if (draft->Has(word.text)) {
      if (word.text != "*") call.Warn(word, "duplicate MIME type \"" + word.text + "\"");
      continue;
    }
    draft->types_.push_back(word.text);
  }
}

}  // namespace colmeia::site
