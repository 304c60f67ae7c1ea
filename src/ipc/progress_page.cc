#include "ipc/progress_page.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace colmeia::ipc {

struct ProgressPage::Layout {
  std::atomic<std::uint32_t> length;  // 0 while the text changes
  char text[4092];
};

Result<ProgressPage> ProgressPage::Create() {
  auto fd = sys::SharedMemfd("colmeia-progress", sizeof(Layout));
  if (!fd) return tl::unexpected(fd.error());
  auto page = Open(fd->get());
  if (page) page->fd_ = *std::move(fd);
  return page;
}

Result<ProgressPage> ProgressPage::Open(int fd) {
  const auto size = sys::SizeOf(fd);
  if (!size) return tl::unexpected(size.error());
  if (*size != sizeof(Layout)) return Fail("no page of progress");
  auto mapping = sys::Mapping::MapShared(fd, sizeof(Layout), /*writable=*/true);
  if (!mapping) return tl::unexpected(mapping.error());
  ProgressPage page;
  page.mapping_ = *std::move(mapping);
  return page;
}

void ProgressPage::Note(std::string_view text) {
  Layout& page = *layout();
  text = text.substr(text.size() - std::min(text.size(), sizeof page.text));
  page.length.store(0, std::memory_order_release);
  std::memcpy(page.text, text.data(), text.size());
  page.length.store(static_cast<std::uint32_t>(text.size()), std::memory_order_release);
}

std::string ProgressPage::Read() const {
  const Layout& page = *layout();
  // The other process may have written anything.
  const std::size_t length = std::min<std::size_t>(page.length.load(std::memory_order_acquire), sizeof page.text);
  return std::string(page.text, length);
}

}  // namespace colmeia::ipc
