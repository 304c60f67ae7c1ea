# Compiler and linker flags, as one interface library that every target of ours links.
include(CheckIPOSupported)
include(CheckPIESupported)

add_library(colmeia_flags INTERFACE)
target_compile_options(colmeia_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  -fno-strict-aliasing)
target_compile_definitions(colmeia_flags INTERFACE _GNU_SOURCE COLMEIA_VERSION="${PROJECT_VERSION}")
target_include_directories(colmeia_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(colmeia_flags SYSTEM INTERFACE ${EXPECTED_INCLUDE_DIR} ${NLOHMANN_JSON_INCLUDE_DIR})
target_link_libraries(colmeia_flags INTERFACE PkgConfig::FMT)

if(COLMEIA_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(COLMEIA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(COLMEIA_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(colmeia_flags INTERFACE
    -g1 -fstack-protector-strong -fstack-clash-protection -fcf-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(colmeia_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed -Wl,--build-id)
  check_pie_supported()
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  check_ipo_supported(RESULT colmeia_has_lto OUTPUT colmeia_lto_reason)
  if(colmeia_has_lto)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endif()

# colmeia_split_debug(TARGET): moves debug information into TARGET.debug beside the program, which keeps a link to it.
# Debuggers find it by itself; what is deployed stays small.
function(colmeia_split_debug target)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR NOT CMAKE_OBJCOPY)
    return()
  endif()
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:${target}> $<TARGET_FILE:${target}>.debug
    COMMAND ${CMAKE_OBJCOPY} --strip-debug --add-gnu-debuglink=$<TARGET_FILE:${target}>.debug $<TARGET_FILE:${target}>
    VERBATIM)
endfunction()
