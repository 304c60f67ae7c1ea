// Pipes, with and without a name.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/link_io.h"
#include "lab/stage.h"

namespace colmeia::lab {
namespace {

// One pipe for each direction: what a side writes, the other reads.
class PipeLink final : public Link {
 public:
  struct Ends {
    sys::UniqueFd read;
    sys::UniqueFd write;
  };
  // `to[i]` leads to side i.
  PipeLink(Ends to_first, Ends to_second) : to_{std::move(to_first), std::move(to_second)} {}

  void TakeSide(Side, pid_t) override {}

  void Send(Side side, std::span<const char> message) override {
    WriteWhole(to_[1 - Index(side)].write.get(), message);
  }

  const char* Receive(Side side, std::size_t size) override {
    std::vector<char>& buffer = buffers_[Index(side)];
    if (buffer.size() < size) buffer.resize(size);
    ReadWhole(to_[Index(side)].read.get(), {buffer.data(), size});
    return buffer.data();
  }

  [[nodiscard]] std::size_t Capacity() const override {
    std::size_t sum = 0;
    for (const Ends& ends : to_)
      sum += static_cast<std::size_t>(Must(fcntl(ends.write.get(), F_GETPIPE_SZ), "F_GETPIPE_SZ"));
    return sum;
  }

 private:
  Ends to_[2];
  std::vector<char> buffers_[2];
};

PipeLink::Ends MakePipe() {
  int ends[2];
  Must(pipe2(ends, O_CLOEXEC), "cannot make a pipe");
  return {sys::UniqueFd(ends[0]), sys::UniqueFd(ends[1])};
}

// A name is for processes that are no relatives: each opens it. Here one process opens both ends, and then the name is
// not needed any more.
PipeLink::Ends MakeNamedPipe(const std::string& path) {
  Must(mkfifo(path.c_str(), 0600), "cannot make a named pipe");
  // Opening the reading end waits for a writer, unless it is told not to.
  sys::UniqueFd read(Must(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "cannot open a named pipe"));
  sys::UniqueFd write(Must(open(path.c_str(), O_WRONLY | O_CLOEXEC), "cannot open a named pipe"));
  Must(fcntl(read.get(), F_SETFL, 0), "cannot make a named pipe blocking");
  unlink(path.c_str());
  return {std::move(read), std::move(write)};
}

std::unique_ptr<Link> OpenPipe(const std::string&) { return std::make_unique<PipeLink>(MakePipe(), MakePipe()); }

std::unique_ptr<Link> OpenNamedPipe(const std::string& scratch) {
  PipeLink::Ends to_first = MakeNamedPipe(scratch + "/to-first");
  return std::make_unique<PipeLink>(std::move(to_first), MakeNamedPipe(scratch + "/to-second"));
}

constexpr Form kForms[] = {
    {"pipe", "pipe", "pipe(2): a stream of bytes one way between relatives; one pipe each way", "src/app/launch.cc",
     Peer::kProcess, Payload::kBytes, 2, 4, Expected::kExactly, OpenPipe},
    {"named-pipe", "named pipe", "mkfifo(3): a pipe that strangers find by a path", "", Peer::kProcess, Payload::kBytes,
     2, 4, Expected::kExactly, OpenNamedPipe},
};

}  // namespace

std::span<const Form> PipeForms() { return kForms; }

}  // namespace colmeia::lab
