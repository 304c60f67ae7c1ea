// CHECK(condition): for our own bugs, in release builds too. The process says where and aborts; the master replaces a
// worker that died so. Never CHECK what came from a client, an operator or the kernel.
#pragma once

namespace colmeia::util {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line) noexcept;

}  // namespace colmeia::util

#define CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::colmeia::util::CheckFailed(#condition, __FILE__, __LINE__))
