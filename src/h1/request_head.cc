#include "h1/request_head.h"

namespace colmeia::h1 {

void RequestHead::Clear() {
  static_cast<PlainRequestHead&>(*this) = {};
  fields.Clear();
}

}  // namespace colmeia::h1
