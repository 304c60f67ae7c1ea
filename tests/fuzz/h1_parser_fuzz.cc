// Fuzzes the reading half of a connection: heads, targets and bodies, fed whole and in pieces. Both ways must see the
// same requests and end in the same verdict, and every view must lie within the bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "h1/body_decoder.h"
#include "h1/parser.h"
#include "http/uri.h"
#include "util/check.h"

namespace {

using namespace colmeia;

// Everything that was understood, as one text.
std::string Read(std::string_view input, std::size_t piece) {
  const h1::HeadLimits limits{.line_bytes = 256, .head_bytes = 1024, .fields = 8};
  h1::Parser parser(limits);
  h1::RequestHead head;
  h1::BodyDecoder body;
  std::vector<char> saved;
  std::string seen;
  bool in_body = false;
  while (!input.empty()) {
    const std::string_view next = input.substr(0, piece);
    input.remove_prefix(next.size());
    saved.insert(saved.end(), next.begin(), next.end());
    while (!saved.empty()) {
      if (in_body) {
        const h1::BodyDecoder::Step step = body.Next({saved.data(), saved.size()});
        CHECK(step.consumed <= saved.size());
        seen += step.data;
        saved.erase(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(step.consumed));
        if (step.state == h1::BodyState::kError) return seen.append(step.fault.reason);
        in_body = step.state == h1::BodyState::kMore;
        continue;
      }
      std::vector<char> block(saved);  // exactly as large as it is, so that a read beyond it is caught
      const h1::HeadResult result = parser.ParseHead(block, head);
      if (result.state == h1::HeadState::kError) return seen.append(result.fault.reason);
      if (result.state == h1::HeadState::kIncomplete) {
        std::copy(block.begin(), block.end(), saved.begin());
        break;
      }
      CHECK(result.consumed >= head.text.size());
      const auto inside = [&](std::string_view view) {
        return view.empty() ||
               (view.data() >= head.text.data() && view.data() + view.size() <= head.text.data() + head.text.size());
      };
      seen.append(head.method_text).append(head.target);
      for (const http::Field& field : head.fields) {
        CHECK(inside(field.name) && inside(field.value));
        CHECK(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
        seen.append(field.name).append(field.value);
      }
      CHECK(inside(head.target) && inside(head.host_port.host) && inside(head.line));
      CHECK(!(head.chunked && head.content_length));
      util::Arena arena;
      http::Target target;
      if (const http::Fault fault = http::ParseTarget(head.method, head.target, arena, target)) {
        seen.append(fault.reason);
      } else {
        seen.append(target.path).append(target.authority);
      }
      in_body = head.chunked || head.content_length.value_or(0) > 0;
      if (head.chunked) {
        body.StartChunked();
      } else {
        body.StartFixed(head.content_length.value_or(0));
      }
      saved.erase(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(result.consumed));
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string whole = Read(input, std::string_view::npos);
  CHECK(Read(input, 1) == whole);
  CHECK(Read(input, 5) == whole);
  return 0;
}
