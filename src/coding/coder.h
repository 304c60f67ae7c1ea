// Coder: bytes in, bytes out, in or out of a content coding (RFC 9110 section 8.4.1): gzip either way, brotli one way.
//
// It does no I/O and holds no buffers beside the library's: whoever calls brings both ends.
//
//   auto coder = MakeGzipEncoder({.level = 1});
//   while (!step.done) { step = coder->Run(input, output, Flush::kNo); ... }
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace colmeia::coding {

// What is to come out besides what comes by itself.
enum class Flush : std::uint8_t {
  kNo,      // as the library likes: it compresses better in large blocks
  kSync,    // all that went in until now, so that a reader can decode it
  kFinish,  // the same, and the end: no more input will come
};

struct Step {
  std::size_t consumed = 0;  // of the input
  std::size_t produced = 0;  // of the output
  bool done = false;         // with kFinish: all is out. With kSync: the same, as long as room was left
  bool failed = false;       // the input is not in this coding, or no memory; the coder is of no more use
};

class Coder {
 public:
  virtual ~Coder() = default;
  // REQUIRES: `output` is not empty. With kSync and kFinish it is called until it is done.
  [[nodiscard]] virtual Step Run(std::string_view input, std::span<char> output, Flush flush) = 0;
};

struct GzipOptions {
  int level = 1;                          // 1 to 9
  std::optional<std::uint64_t> length{};  // of the input, if known: little needs little memory
};

// All of these are null when there is no memory.
[[nodiscard]] std::unique_ptr<Coder> MakeGzipEncoder(const GzipOptions& options);
// Several members behind each other are one text. Done with kFinish only behind the end of a member.
[[nodiscard]] std::unique_ptr<Coder> MakeGzipDecoder();

struct BrotliOptions {
  int level = 6;                          // 0 to 11
  std::uint64_t window = 512 * 1024;      // bytes
  std::optional<std::uint64_t> length{};  // of the input, if known
};
[[nodiscard]] std::unique_ptr<Coder> MakeBrotliEncoder(const BrotliOptions& options);

// All of `input` at once; nothing when the coder fails or more than `most` bytes come out.
[[nodiscard]] std::optional<std::string> RunWhole(Coder& coder, std::string_view input, std::size_t most);

}  // namespace colmeia::coding
