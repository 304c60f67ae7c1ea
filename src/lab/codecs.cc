// One message in three tongues: the frame that really goes to a worker, a line of text, and JSON.
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "ipc/frame.h"
#include "lab/clock.h"
#include "lab/families.h"
#include "lab/json.h"
#include "lab/stage.h"
#include "lab/stats.h"
#include "util/json_writer.h"
#include "util/strings.h"

namespace colmeia::lab {
namespace {

constexpr Column kColumns[] = {
    {"encode_p50", "encode p50", Unit::kNanoseconds},
    {"encode_p99", "p99", Unit::kNanoseconds},
    {"decode_p50", "decode p50", Unit::kNanoseconds},
    {"decode_p99", "p99", Unit::kNanoseconds},
    {"bytes", "bytes", Unit::kCount},
};

constexpr Chart kCharts[] = {
    {"Decoding one message: p50, and on to p99", "decode_p50", "decode_p99", false,
     "Shorter is better: where fields have their places nothing has to be looked for; words are split and turned into "
     "numbers, and JSON's names are compared as well."},
    {"Encoding one message: p50, and on to p99", "encode_p50", "encode_p99", false,
     "Shorter is better: copying numbers as they are is less work than writing them in digits, or in digits and "
     "names."},
    {"Bytes of one message", "bytes", "", false,
     "Shorter is better, but fixed places are not the shortest: small numbers take fewer bytes as digits."},
};

constexpr Family kFamily{
    "codec",
    "Saying the same in bytes",
    "The message Adopt (src/ipc/messages.h: eight numbers and a name) with its sequence number, to bytes and back, "
    "checked on the way in. Each sample is the mean of 64 in a row.",
    kColumns,
    kCharts,
};

constexpr std::uint32_t kSequence = 7;

ipc::Adopt TheMessage() {
  ipc::Adopt message;
  message.generation = 12;
  message.slot = 305;
  message.seat = 1;
  message.seats = 16;
  message.listeners = 2;
  message.logs = 3;
  message.zones = 1;
  message.holder = 305;
  message.identity = "www-data";
  return message;
}

// The eight numbers, in the order and under the names of the declaration.
constexpr std::array<std::uint32_t ipc::Adopt::*, 8> kNumbers{
    &ipc::Adopt::generation, &ipc::Adopt::slot, &ipc::Adopt::seat,  &ipc::Adopt::seats,
    &ipc::Adopt::listeners,  &ipc::Adopt::logs, &ipc::Adopt::zones, &ipc::Adopt::holder};
constexpr std::array<std::string_view, 8> kNames{"generation", "slot", "seat",  "seats",
                                                 "listeners",  "logs", "zones", "holder"};

std::string ToFrame(const ipc::Adopt& message) { return ipc::EncodeFrame(message, kSequence); }

bool FromFrame(std::string_view bytes, ipc::Adopt& message) {
  auto frame = ipc::DecodeFrame(bytes);
  auto* const adopt = frame ? std::get_if<ipc::Adopt>(&frame->message) : nullptr;
  if (adopt == nullptr || frame->header.sequence != kSequence) return false;
  message = std::move(*adopt);
  return true;
}

std::string ToLine(const ipc::Adopt& message) {
  std::string line = fmt::format("Adopt {}", kSequence);
  for (const auto number : kNumbers) fmt::format_to(std::back_inserter(line), " {}", message.*number);
  line += ' ';
  line += message.identity;
  line += '\n';
  return line;
}

bool FromLine(std::string_view line, ipc::Adopt& message) {
  if (!line.ends_with('\n')) return false;
  line.remove_suffix(1);
  const auto word = [&line] {
    const std::string_view taken = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(taken.size() + 1, line.size()));
    return taken;
  };
  if (word() != "Adopt" || util::ParseNumber<std::uint32_t>(word()) != kSequence) return false;
  for (const auto number : kNumbers) {
    const auto value = util::ParseNumber<std::uint32_t>(word());
    if (!value) return false;
    message.*number = *value;
  }
  message.identity = line;
  return true;
}

std::string ToJson(const ipc::Adopt& message) {
  util::JsonWriter json;
  json.BeginObject().Member("type", "Adopt").Member("sequence", kSequence);
  for (std::size_t i = 0; i < kNumbers.size(); ++i) json.Member(kNames[i], message.*kNumbers[i]);
  json.Member("identity", message.identity).End();
  return json.text();
}

bool FromJson(std::string_view text, ipc::Adopt& message) {
  const auto members = ParseFlatObject(text);
  if (!members) return false;
  std::size_t found = 0;
  for (const auto& [name, value] : *members) {
    if (name == "type") {
      found += value == JsonScalar("Adopt");
    } else if (name == "sequence") {
      found += value == JsonScalar(static_cast<double>(kSequence));
    } else if (name == "identity") {
      const auto* const identity = std::get_if<std::string>(&value);
      if (identity == nullptr) return false;
      message.identity = *identity;
      ++found;
    } else {
      const auto* const number = std::get_if<double>(&value);
      for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (name != kNames[i] || number == nullptr || *number < 0 || *number > UINT32_MAX) continue;
        message.*kNumbers[i] = static_cast<std::uint32_t>(*number);
        ++found;
      }
    }
  }
  return found == kNames.size() + 3;
}

struct Codec {
  std::string (*encode)(const ipc::Adopt&);
  bool (*decode)(std::string_view, ipc::Adopt&);
};

// Nanoseconds of one call, from rows of them: one alone is as short as a look at the clock.
Summary Time(const Setting& setting, const std::function<void()>& call) {
  constexpr int kRow = 64;
  std::vector<double> samples;
  const auto end = Clock::now() + setting.Share(std::chrono::milliseconds(200));
  while (samples.size() < 100 || (Clock::now() < end && samples.size() < 100'000)) {
    const auto begin = Clock::now();
    for (int i = 0; i < kRow; ++i) call();
    samples.push_back(Nanoseconds(Clock::now() - begin) / kRow);
  }
  return Summarize(std::move(samples));
}

Measured Measure(const Setting& setting, const Codec& codec) {
  const ipc::Adopt message = TheMessage();
  const std::string bytes = codec.encode(message);
  ipc::Adopt again;
  if (!codec.decode(bytes, again) || !(again == message)) GiveUp("the message did not survive", 0);
  std::size_t sum = 0;  // whoever looks at every result cannot be optimised away
  const Summary encode = Time(setting, [&] { sum += codec.encode(message).size(); });
  const Summary decode = Time(setting, [&] { sum += codec.decode(bytes, again) ? 1 : 0; });
  if (sum == 0) GiveUp("nothing was encoded", 0);
  Measured measured;
  measured.values = {encode.p50, encode.p99, decode.p50, decode.p99, static_cast<double>(bytes.size())};
  return measured;
}

Exhibit Of(std::string_view name, std::string_view title, std::string_view what, std::string_view used_in,
           const Codec& codec) {
  Exhibit exhibit;
  exhibit.name = name;
  exhibit.title = title;
  exhibit.what = what;
  exhibit.used_in = used_in;
  exhibit.family = &kFamily;
  exhibit.run = [codec](const Setting& setting) { return Measure(setting, codec); };
  exhibit.alone = true;
  exhibit.takes = std::chrono::milliseconds(500);
  return exhibit;
}

}  // namespace

std::vector<Exhibit> CodecExhibits() {
  return {
      Of("frame", "binary frame", "fields in their order, little-endian, behind a header of 20 bytes",
         "src/ipc/codec.h", {ToFrame, FromFrame}),
      Of("line", "text line", "words between spaces, ended by a newline", "", {ToLine, FromLine}),
      Of("json", "JSON", "an object whose members have their names with them", "src/control/json.cc",
         {ToJson, FromJson}),
  };
}

}  // namespace colmeia::lab
