// What a response says of a file that is its body: validators and bytes. Its type is the caller's, who knows the name.
#pragma once

#include <memory>

#include "files/file.h"

namespace colmeia::pipeline {

class Exchange;

// 200 with all of the file, its date and, as the directive etag has it, its tag. REQUIRES: file->sendable().
void RespondWithFile(Exchange& exchange, std::shared_ptr<const files::File> file);

}  // namespace colmeia::pipeline
