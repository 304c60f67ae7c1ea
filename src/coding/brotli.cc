// Brotli by libbrotli (RFC 7932).
#include <brotli/encode.h>

#include <algorithm>

#include "coding/coder.h"

namespace colmeia::coding {
namespace {

class BrotliEncoder final : public Coder {
 public:
  explicit BrotliEncoder(const BrotliOptions& options)
      : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) return;
    int window = BROTLI_MIN_WINDOW_BITS;
    while ((std::uint64_t{1} << window) < std::min(options.window, options.length.value_or(UINT64_MAX)) &&
           window < BROTLI_MAX_WINDOW_BITS) {
      ++window;
    }
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(options.level));
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, static_cast<std::uint32_t>(window));
    if (options.length && *options.length < (std::uint64_t{1} << 30)) {
      BrotliEncoderSetParameter(state_, BROTLI_PARAM_SIZE_HINT, static_cast<std::uint32_t>(*options.length));
    }
  }
  BrotliEncoder(const BrotliEncoder&) = delete;
  BrotliEncoder& operator=(const BrotliEncoder&) = delete;
  ~BrotliEncoder() override {
    if (state_ != nullptr) BrotliEncoderDestroyInstance(state_);
  }
  [[nodiscard]] bool open() const { return state_ != nullptr; }

  Step Run(std::string_view input, std::span<char> output, Flush flush) override {
    static constexpr BrotliEncoderOperation kModes[] = {BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
                                                        BROTLI_OPERATION_FINISH};
    std::size_t in = input.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    std::size_t out = output.size();
    auto* next_out = reinterpret_cast<std::uint8_t*>(output.data());
    const bool good = BrotliEncoderCompressStream(state_, kModes[static_cast<std::size_t>(flush)], &in, &next_in, &out,
                                                  &next_out, nullptr) == BROTLI_TRUE;
    Step step{.consumed = input.size() - in, .produced = output.size() - out, .failed = !good};
    const bool drained = in == 0 && BrotliEncoderHasMoreOutput(state_) == BROTLI_FALSE;
    if (flush == Flush::kSync) step.done = good && drained;
    if (flush == Flush::kFinish) step.done = good && BrotliEncoderIsFinished(state_) == BROTLI_TRUE;
    return step;
  }

 private:
  BrotliEncoderState* state_;
};

}  // namespace

std::unique_ptr<Coder> MakeBrotliEncoder(const BrotliOptions& options) {
  auto coder = std::make_unique<BrotliEncoder>(options);
  return coder->open() ? std::move(coder) : nullptr;
}

}  // namespace colmeia::coding
