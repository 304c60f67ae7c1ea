// Link: a way for two parties to hand each other messages, and Form, a kind of links as a row of data.
//
// A link is made before its second party exists, so that both have all of it; each then takes its side. What fails ends
// the exhibit (GiveUp in stage.h): a link has no errors to return.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lab/exhibit.h"

namespace colmeia::lab {

enum class Side : std::uint8_t { kFirst, kSecond };

[[nodiscard]] constexpr std::size_t Index(Side side) { return static_cast<std::size_t>(side); }

class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  virtual ~Link() = default;

  // Called once by each party, in its process or thread, before anything else. `other` is the other one's process.
  virtual void TakeSide(Side side, pid_t other) = 0;

  // Waits for room. Forms without a payload send that something happened, and ignore the bytes.
  virtual void Send(Side side, std::span<const char> message) = 0;

  // Waits for the next message, which has `size` bytes, and returns where it stands until the next call for this side.
  // Forms without a payload return what `size` zero bytes would be.
  virtual const char* Receive(Side side, std::size_t size) = 0;

  // Bytes that may be under way, both directions together, as the kernel tells it.
  [[nodiscard]] virtual std::size_t Capacity() const = 0;
};

enum class Peer : std::uint8_t {
  kProcess,  // forked
  kThread,
};

enum class Payload : std::uint8_t {
  kBytes,     // messages of any size up to max_message
  kToken,     // only that it happened
  kAnswered,  // bytes, and every message is answered before the next one
};

// How the system calls that construction tells compare with those that are counted.
enum class Expected : std::uint8_t {
  kExactly,
  kAtMost,  // a party that finds its message there need not sleep
  kAbout,   // one that finds it early may be told of it once more
  kVaries,  // it depends on which process runs when
};

struct Form {
  std::string_view name;
  std::string_view title;
  std::string_view what;
  std::string_view used_in;  // as Exhibit::used_in
  Peer peer = Peer::kProcess;
  Payload payload = Payload::kBytes;
  double copies = 0;    // of a payload's bytes, from the sender's memory to where the receiver reads them
  double syscalls = 0;  // of a round trip by construction, both parties together; 0 when it varies
  Expected expected = Expected::kExactly;
  std::unique_ptr<Link> (*open)(const std::string& scratch) = nullptr;
  std::size_t max_message = 16 * 1024;
  std::size_t max_total = std::size_t{1} << 30;  // bytes that may be sent in all, where they pile up
};

// The tables of forms, one for each file.
[[nodiscard]] std::span<const Form> SignalForms();
[[nodiscard]] std::span<const Form> PipeForms();
[[nodiscard]] std::span<const Form> UnixSocketForms();
[[nodiscard]] std::span<const Form> NetworkForms();
[[nodiscard]] std::span<const Form> FileForms();
[[nodiscard]] std::span<const Form> SharedMemoryForms();
[[nodiscard]] std::span<const Form> CounterForms();

}  // namespace colmeia::lab
