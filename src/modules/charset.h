// charset: says in Content-Type how the text of a response is encoded. The text itself stays as it is.
//
// A filter, before ranges: parts of a text have its charset too.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kCharset;

}  // namespace colmeia::modules
