# What nearly every file includes is parsed once: half of the time of compiling is headers. Sources name what they use
# all the same, and clang-tidy reads them without (tools/dev/lint.sh).

set(XT_PRECOMPILED
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <deque> <filesystem> <functional> <map> <memory>
  <mutex> <optional> <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)

# One for the code and one for its tests. A precompiled header serves what is compiled with its own options and macros,
# so all targets share those that differ by library only.
function(xt_precompiled name)
  cmake_parse_arguments(ARG "" "" "HEADERS;DEPS" ${ARGN})
  set(source "${CMAKE_BINARY_DIR}/${name}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "" @ONLY)
  add_library(${name} OBJECT "${source}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} xt_options)
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

# Clang's own are of use to nobody: the fuzzers' few targets.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-pthread -fpch-preprocess)  # the latter is what ccache asks for
  add_compile_definitions(_FILE_OFFSET_BITS=64)
  xt_precompiled(xt_precompiled HEADERS ${XT_PRECOMPILED} DEPS absl::statusor absl::strings)
  xt_precompiled(xt_precompiled_test
    HEADERS ${XT_PRECOMPILED} <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>
    DEPS absl::statusor absl::strings GTest::gmock nlohmann_json::nlohmann_json)
  target_compile_options(xt_precompiled_test PRIVATE ${XT_TEST_OPTIONS})
endif()

function(xt_use_precompiled target name)
  if(TARGET ${name})
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

# What is compiled before is no system's header to g++ 12 any more: then it tells of its bug 105651 (std::string + "..."), in
# tests and at -O3.
set(XT_PRECOMPILED_TEST_OPTIONS)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  set(XT_PRECOMPILED_TEST_OPTIONS -Wno-array-bounds -Wno-stringop-overflow)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(xt_options INTERFACE ${XT_PRECOMPILED_TEST_OPTIONS} -Wno-stringop-overread)
  endif()
endif()
