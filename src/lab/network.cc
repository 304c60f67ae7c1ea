// TCP through the loopback interface, and the smallest microservice on top of it: HTTP/1.1 between two processes.
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include <fmt/format.h>

#include "h1/parser.h"
#include "h1/writer.h"
#include "lab/link_io.h"
#include "lab/stage.h"
#include "sys/sockets.h"
#include "util/strings.h"

namespace colmeia::lab {
namespace {

// The first side posts its messages to the second, which answers each with 200 and a message of its own. The request is
// read by colmeia's own parser, the answer by its two known fields.
class HttpLink final : public SocketLink {
 public:
  using SocketLink::SocketLink;

  void Send(Side side, std::span<const char> message) override {
    out_.clear();
    if (side == Side::kFirst) {
      fmt::format_to(
          std::back_inserter(out_),
          "POST /echo HTTP/1.1\r\nHost: lab\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
          message.size());
    } else {
      h1::ResponseHead head;
      head.content_type = "application/octet-stream";
      head.content_length = message.size();
      head.connection = h1::ConnectionField::kOmit;
      h1::AppendHead(head, out_);
    }
    out_.append(message.data(), message.size());
    WriteWhole(fd(side), out_);
  }

  const char* Receive(Side side, std::size_t size) override {
    const std::span<char> buffer = Buffer(side, kMaxHead + size);
    std::size_t have = 0;
    std::size_t need = 0;
    std::size_t body = 0;
    while (need == 0 || have < need) {
      const ssize_t got = recv(fd(side), buffer.data() + have, buffer.size() - have, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) GiveUp("the other side has closed", 0);
      have += static_cast<std::size_t>(Must(got, "cannot receive"));
      if (need == 0) {
        body = side == Side::kSecond ? RequestBody({buffer.data(), have}, size)
                                     : ResponseBody({buffer.data(), have}, size);
        if (body != 0) need = body + size;
      }
    }
    return buffer.data() + body;
  }

 private:
  static constexpr std::size_t kMaxHead = 1024;

  // Where the body begins, or 0 while the head is incomplete.
  std::size_t RequestBody(std::span<char> bytes, std::size_t size) {
    const h1::HeadResult result = parser_.ParseHead(bytes, head_);
    if (result.state == h1::HeadState::kIncomplete) return 0;
    if (result.state == h1::HeadState::kError || head_.content_length != size) GiveUp("an HTTP request was refused", 0);
    return result.consumed;
  }

  static std::size_t ResponseBody(std::string_view bytes, std::size_t size) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::size_t at = bytes.find(kLength);
    const std::string_view number = at < end ? bytes.substr(at + kLength.size()) : std::string_view();
    if (!bytes.starts_with("HTTP/1.1 200 ") ||
        util::ParseNumber<std::size_t>(number.substr(0, number.find('\r'))) != size) {
      GiveUp("an HTTP response was not what was expected", 0);
    }
    return end + 4;
  }

  h1::HeadLimits limits_;
  h1::Parser parser_{limits_};
  h1::RequestHead head_;
  std::string out_;
};

template <class Kind>
std::unique_ptr<Link> Open(const std::string&) {
  const sys::UniqueFd listener = Value(sys::Listen(Value(sys::Address::FromIp("127.0.0.1", 0))));
  sys::UniqueFd first = Value(sys::Connect(Value(sys::Address::LocalOf(listener.get()))));
  // On the loopback interface the connection stands in the queue when connect(2) returns.
  sys::Accepted accepted = sys::Accept(listener.get());
  if (accepted.status != sys::AcceptStatus::kAccepted) GiveUp("cannot accept a connection", accepted.code);
  Value(sys::SetNonBlocking(accepted.fd.get(), false));
  sys::SetNoDelay(first.get(), true);
  sys::SetNoDelay(accepted.fd.get(), true);
  return std::make_unique<Kind>(std::move(first), std::move(accepted.fd));
}

constexpr Form kForms[] = {
    {"tcp", "TCP socket", "127.0.0.1 with TCP_NODELAY: the same through the whole network stack, as between machines",
     "src/transport/transport.cc", Peer::kProcess, Payload::kBytes, 2, 4, Expected::kExactly, Open<StreamLink>},
    {"http", "HTTP over TCP",
     "the smallest microservice: POST, parsed and answered, one after the other on one connection",
     "src/control/client.cc", Peer::kProcess, Payload::kAnswered, 3, 4, Expected::kExactly, Open<HttpLink>},
};

}  // namespace

std::span<const Form> NetworkForms() { return kForms; }

}  // namespace colmeia::lab
