// Gzip by zlib (RFC 1952).
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "coding/coder.h"

namespace colmeia::coding {
namespace {

// zlib's name for a gzip wrapper around the deflated bytes.
constexpr int kGzip = 16;

uInt Room(std::size_t size) { return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max())); }

// The two ends of a call.
void Aim(z_stream& stream, std::string_view input, std::span<char> output) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = Room(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = Room(output.size());
}

class GzipEncoder final : public Coder {
 public:
  GzipEncoder() = default;
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;
  ~GzipEncoder() override {
    if (open_) deflateEnd(&stream_);
  }

  bool Open(const GzipOptions& options) {
    // As in nginx: what is shorter than half a window (which holds 262 bytes less than its name says) takes half the
    // memory. zlib has no window below 512 bytes.
    int window = MAX_WBITS;
    int memory = MAX_MEM_LEVEL - 1;
    while (options.length && *options.length < (std::uint64_t{1} << (window - 1)) - 262 && window > 9 && memory > 1) {
      --window;
      --memory;
    }
    open_ = deflateInit2(&stream_, options.level, Z_DEFLATED, window + kGzip, memory, Z_DEFAULT_STRATEGY) == Z_OK;
    return open_;
  }

  Step Run(std::string_view input, std::span<char> output, Flush flush) override {
    static constexpr int kModes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    Aim(stream_, input, output);
    const uInt in = stream_.avail_in;
    const uInt out = stream_.avail_out;
    const int result = deflate(&stream_, kModes[static_cast<std::size_t>(flush)]);
    Step step{.consumed = in - stream_.avail_in, .produced = out - stream_.avail_out};
    step.failed = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    if (flush == Flush::kFinish) step.done = result == Z_STREAM_END;
    if (flush == Flush::kSync) step.done = stream_.avail_out > 0;
    return step;
  }

 private:
  z_stream stream_{};
  bool open_ = false;
};

class GzipDecoder final : public Coder {
 public:
  GzipDecoder() = default;
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override {
    if (open_) inflateEnd(&stream_);
  }

  bool Open() {
    open_ = inflateInit2(&stream_, MAX_WBITS + kGzip) == Z_OK;
    return open_;
  }

  Step Run(std::string_view input, std::span<char> output, Flush flush) override {
    Step step;
    // Behind a member another one may begin; the end of the input may also be the end.
    if (between_ && !input.empty()) {
      if (inflateReset(&stream_) != Z_OK) return {.failed = true};
      between_ = false;
    }
    if (!between_) {
      Aim(stream_, input, output);
      const uInt in = stream_.avail_in;
      const uInt out = stream_.avail_out;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      step.consumed = in - stream_.avail_in;
      step.produced = out - stream_.avail_out;
      between_ = result == Z_STREAM_END;
      step.failed = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    }
    const bool all = step.consumed == input.size();
    if (flush == Flush::kSync) step.done = all && step.produced < output.size();
    if (flush == Flush::kFinish && all) {
      step.done = between_;
      // It has said all it knows, and the member goes on.
      step.failed = step.failed || (!between_ && step.produced < output.size());
    }
    return step;
  }

 private:
  z_stream stream_{};
  bool open_ = false;
  bool between_ = false;  // a member has ended
};

}  // namespace

std::unique_ptr<Coder> MakeGzipEncoder(const GzipOptions& options) {
  auto coder = std::make_unique<GzipEncoder>();
  return coder->Open(options) ? std::move(coder) : nullptr;
}

std::unique_ptr<Coder> MakeGzipDecoder() {
  auto coder = std::make_unique<GzipDecoder>();
  return coder->Open() ? std::move(coder) : nullptr;
}

std::optional<std::string> RunWhole(Coder& coder, std::string_view input, std::size_t most) {
  constexpr std::size_t kStep = 32 * 1024;
  std::string out;
  for (Step step; !step.done;) {
    const std::size_t size = out.size();
    if (size > most) return std::nullopt;
    out.resize(size + kStep);
    step = coder.Run(input, std::span(out).subspan(size), Flush::kFinish);
    if (step.failed) return std::nullopt;
    out.resize(size + step.produced);
    input.remove_prefix(step.consumed);
  }
  if (out.size() > most) return std::nullopt;
  out.shrink_to_fit();
  return out;
}

}  // namespace colmeia::coding
