# Every library that colmeia stands on, each from a Debian package. A missing one ends the
# configuration with a sentence that names the package to install.
find_package(PkgConfig REQUIRED)

function(colmeia_require target module minimum package)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET GLOBAL "${module}>=${minimum}")
  if(NOT ${target}_FOUND)
    message(FATAL_ERROR
      "colmeia needs ${module} ${minimum} or newer, which is missing or too old here. "
      "On Debian: apt-get install ${package}  (or let ./dev build do it).")
  endif()
endfunction()

colmeia_require(LIBUV libuv 1.44 libuv1-dev)
colmeia_require(FMT fmt 9.0 libfmt-dev)
colmeia_require(SPDLOG spdlog 1.10 libspdlog-dev)
colmeia_require(SECCOMP libseccomp 2.5 libseccomp-dev)
colmeia_require(PCRE2 libpcre2-8 10.40 libpcre2-dev)
colmeia_require(ZLIB zlib 1.2.11 zlib1g-dev)
colmeia_require(BROTLI libbrotlienc 1.0.9 libbrotli-dev)

find_path(EXPECTED_INCLUDE_DIR tl/expected.hpp)
if(NOT EXPECTED_INCLUDE_DIR)
  message(FATAL_ERROR "colmeia needs tl::expected, which is missing here. On Debian: apt-get install libexpected-dev.")
endif()

find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp)
if(NOT NLOHMANN_JSON_INCLUDE_DIR)
  message(FATAL_ERROR "colmeia needs nlohmann's JSON, which is missing here. On Debian: apt-get install nlohmann-json3-dev.")
endif()

# llhttp comes as C sources. The strict parser is chosen on the first line of llhttp.c, before any
# header is read, so the macro must stand on the compiler's command line (tests/unit/h1 guards it).
set(COLMEIA_LLHTTP_SOURCE_DIR /usr/share/llhttp CACHE PATH "Folder with llhttp.c, api.c and http.c")
set(COLMEIA_LLHTTP_INCLUDE_DIR /usr/share/include/llhttp CACHE PATH "Folder with llhttp.h")
if(NOT EXISTS ${COLMEIA_LLHTTP_SOURCE_DIR}/llhttp.c OR NOT EXISTS ${COLMEIA_LLHTTP_INCLUDE_DIR}/llhttp.h)
  message(FATAL_ERROR
    "colmeia needs the C sources of llhttp: no llhttp.c in ${COLMEIA_LLHTTP_SOURCE_DIR} or no llhttp.h in "
    "${COLMEIA_LLHTTP_INCLUDE_DIR}. On Debian: apt-get install node-llhttp. Elsewhere set "
    "COLMEIA_LLHTTP_SOURCE_DIR and COLMEIA_LLHTTP_INCLUDE_DIR.")
endif()
add_library(llhttp STATIC
  ${COLMEIA_LLHTTP_SOURCE_DIR}/llhttp.c
  ${COLMEIA_LLHTTP_SOURCE_DIR}/api.c
  ${COLMEIA_LLHTTP_SOURCE_DIR}/http.c)
target_include_directories(llhttp SYSTEM PUBLIC ${COLMEIA_LLHTTP_INCLUDE_DIR})
target_compile_definitions(llhttp PRIVATE LLHTTP_STRICT_MODE=1)
target_compile_options(llhttp PRIVATE -w)
set_property(TARGET llhttp PROPERTY UNITY_BUILD OFF)  # its files declare the same functions differently

if(COLMEIA_TESTS)
  find_package(GTest 1.12)
  if(NOT GTest_FOUND)
    message(FATAL_ERROR "colmeia's tests need GoogleTest. On Debian: apt-get install libgtest-dev libgmock-dev.")
  endif()
endif()
