// Guards the one compiler flag that everything here stands on.
#pragma once

namespace colmeia::h1 {

// Whether llhttp was compiled with LLHTTP_STRICT_MODE=1. Its default is a loose parser that takes CRLF CR x for the end
// of a head (CVE-2025-23167); the choice is made before any header of its is read, so only its behaviour tells.
[[nodiscard]] bool LlhttpIsStrict();

}  // namespace colmeia::h1
