# Writes a C++ source that holds the hive's page: cmake -D OUT=file.cc -D FILES=a;b;c -P embed.cmake
# The declarations are those of src/modules/hive_assets.h.
set(arrays "")
set(rows "")
list(SORT FILES)
set(number 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char kFile${number}[] = {${bytes}'\\0'};\n")
  string(APPEND rows "    {\"${name}\", \"\\\"${hash}\\\"\", {kFile${number}, sizeof kFile${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT}.new "// Made by src/embed.cmake.
#include \"modules/hive_assets.h\"

namespace colmeia::modules {
namespace {

${arrays}
constexpr HiveAsset kAssets[] = {
${rows}};

}  // namespace

std::span<const HiveAsset> HiveAssets() { return kAssets; }

}  // namespace colmeia::modules
")
file(RENAME ${OUT}.new ${OUT})
