#include "process/module_map.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include <fmt/core.h>

#include "sys/files.h"

namespace colmeia::process {
namespace {

constexpr const char* kSelf = "/proc/self/exe";

std::string ProgramFile() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink(kSelf, path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

// Each note is a header, a name and a description, padded to four bytes.
constexpr std::size_t Padded(std::size_t size) { return (size + 3) / 4 * 4; }

// Items of a mapped file, when they lie within it and where they may.
template <class Item>
std::span<const Item> Items(std::span<const char> file, std::size_t offset, std::size_t size) {
  if (offset > file.size() || size > file.size() - offset || offset % alignof(Item) != 0) return {};
  return {reinterpret_cast<const Item*>(file.data() + offset), size / sizeof(Item)};
}

}  // namespace

void ModuleMap::Load() {
  const auto add = [](dl_phdr_info* info, std::size_t, void* self) noexcept {
    static_cast<ModuleMap*>(self)->Add(*info);
    return 0;
  };
  dl_iterate_phdr(add, this);
  MapSymbols(kSelf);
}

void ModuleMap::Add(const dl_phdr_info& info) {
  if (size_ == kMostModules) return;
  const bool is_program = size_ == 0;
  Module& module = modules_[size_++];
  module.file = is_program ? ProgramFile() : info.dlpi_name;
  module.base = info.dlpi_addr;
  module.begin = UINTPTR_MAX;
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info.dlpi_phdr[i];
    if (part.p_type != PT_LOAD) continue;
    const std::uintptr_t begin = info.dlpi_addr + part.p_vaddr;
    module.begin = std::min(module.begin, begin);
    module.end = std::max(module.end, begin + part.p_memsz);
  }
  if (is_program) ReadBuildId(info);
}

void ModuleMap::ReadBuildId(const dl_phdr_info& info) {
  static constexpr std::string_view kOwner{"GNU\0", 4};  // its null byte counts
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info.dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const char* at = reinterpret_cast<const char*>(info.dlpi_addr + part.p_vaddr);
    const char* const end = at + part.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      memcpy(&note, at, sizeof note);
      const char* const owner = at + sizeof note;
      const char* const bytes = owner + Padded(note.n_namesz);
      at = bytes + Padded(note.n_descsz);
      if (at > end) break;
      if (note.n_type != NT_GNU_BUILD_ID || std::string_view(owner, note.n_namesz) != kOwner) continue;
      for (const char byte : std::span(bytes, note.n_descsz)) {
        build_id_ += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      }
      return;
    }
  }
}

// The mapping stays for as long as the process lives.
void ModuleMap::MapSymbols(const std::string& program) {
  const auto fd = sys::OpenFile(program, O_RDONLY);
  struct stat facts {};
  if (!fd || fstat(fd->get(), &facts) != 0 || facts.st_size <= 0) return;
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd->get(), 0);
  if (mapped == MAP_FAILED) return;
  const std::span<const char> file(static_cast<const char*>(mapped), size);

  const auto headers = Items<ElfW(Ehdr)>(file, 0, sizeof(ElfW(Ehdr)));
  if (headers.empty()) return;
  const ElfW(Ehdr)& header = headers.front();
  const auto sections = Items<ElfW(Shdr)>(file, header.e_shoff, header.e_shnum * sizeof(ElfW(Shdr)));
  for (const ElfW(Shdr) & section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const ElfW(Shdr)& strings = sections[section.sh_link];
    const auto symbols = Items<ElfW(Sym)>(file, section.sh_offset, section.sh_size);
    const auto names = Items<char>(file, strings.sh_offset, strings.sh_size);
    if (symbols.empty() || names.empty()) continue;
    symbols_ = symbols.data();
    symbol_count_ = symbols.size();
    names_ = names.data();
    names_size_ = names.size();
    return;
  }
}

ModuleMap::Place ModuleMap::Find(std::uintptr_t address) const {
  for (std::size_t i = 0; i < size_; ++i) {
    const Module& module = modules_[i];
    if (address < module.begin || address >= module.end) continue;
    Place place{.file = module.file, .offset = address - module.base, .function = {}};
    for (std::size_t s = 0; i == 0 && s < symbol_count_; ++s) {
      const ElfW(Sym)& symbol = symbols_[s];
      const bool is_function = (symbol.st_info & 0xf) == STT_FUNC && symbol.st_name < names_size_;
      if (!is_function || place.offset < symbol.st_value || place.offset - symbol.st_value >= symbol.st_size) continue;
      const char* const name = names_ + symbol.st_name;
      place.function = {name, strnlen(name, names_size_ - symbol.st_name)};
      break;
    }
    return place;
  }
  return {};
}

}  // namespace colmeia::process
