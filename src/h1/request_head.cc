#include "h1/request_head.h"

namespace colmeia::h1 {

void RequestHead::Clear() {
  static_cast<PlainRequestHead&>(*this) = {};
  fields.Clear();
}

void RequestHead::Rebase(const char* to) {
  // Pointers of different arrays must not be subtracted, so the distance is taken within the old text.
  const char* const from = text.data();
  const auto move = [from, to](std::string_view& view) {
    view = view.empty() ? std::string_view{} : std::string_view(to + (view.data() - from), view.size());
  };
  move(request_line);
  move(method_text);
  move(target);
  move(protocol);
  move(host.host);
  for (http::Field& field : fields) {
    move(field.name);
    move(field.value);
  }
  move(text);
}

}  // namespace colmeia::h1
