// ModuleMap: which file, and which function, an address of this process's code belongs to. Everything is looked up
// beforehand, so that a signal handler may ask.
//
// Functions are known for the program itself only, by the symbol table in its file (which is mapped, not read: nothing
// of it is in memory until it is asked). Modules that are loaded after Load() are unknown.
#pragma once

#include <link.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace colmeia::process {

class ModuleMap {
 public:
  // Where an address lies. Views are valid as long as the map.
  struct Place {
    std::string_view file;      // empty: in no module that is known
    std::uintptr_t offset = 0;  // as addr2line and the file's symbol table count
    std::string_view function;  // as the linker knows it; empty: unknown
  };

  static constexpr std::size_t kMostModules = 64;

  // What is loaded now. Once.
  void Load();

  // Safe in a signal handler.
  [[nodiscard]] Place Find(std::uintptr_t address) const;

  // The program's build id in hexadecimal digits; empty when the linker gave it none.
  [[nodiscard]] std::string_view build_id() const { return build_id_; }

 private:
  struct Module {
    std::string file;
    std::uintptr_t base = 0;  // what was added to the file's addresses
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
  };

  void Add(const dl_phdr_info& info);
  void ReadBuildId(const dl_phdr_info& info);
  void MapSymbols(const std::string& program);

  std::array<Module, kMostModules> modules_;  // the program first
  std::size_t size_ = 0;
  std::string build_id_;
  const ElfW(Sym) * symbols_ = nullptr;  // of the program, in its file
  std::size_t symbol_count_ = 0;
  const char* names_ = nullptr;
  std::size_t names_size_ = 0;
};

}  // namespace colmeia::process
