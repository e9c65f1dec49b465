# Compiler options every target of ours gets, and the sanitizer builds.

set(XT_SANITIZE "" CACHE STRING "Sanitizers to build with: empty, 'address' (with undefined) or 'thread'")
set(XT_TEST_OPTIONS "" CACHE STRING "Compiler options of the tests' own sources, after those of everything")

find_program(XT_CCACHE ccache)
if(XT_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${XT_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${XT_CCACHE}")
endif()

add_library(xt_options INTERFACE)
target_include_directories(xt_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(xt_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers -Werror)  # designated initializers leave the rest at its default
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(xt_options INTERFACE -Wno-restrict)  # false in std::string at -O3: GCC bug 105651
endif()

if(XT_SANITIZE STREQUAL "address")
  # g++ 12 sees uninitialized members in its own shared_ptr when it instruments: the other presets keep that warning.
  # Without checks of null, alignment and vptr, which take a third of the time of compiling: AddressSanitizer stops at a
  # null pointer as well, and the fuzzers' preset has all of them.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,alignment,vptr -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  target_compile_options(xt_options INTERFACE -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
elseif(XT_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(NOT XT_SANITIZE STREQUAL "")
  message(FATAL_ERROR "XT_SANITIZE must be empty, 'address' or 'thread', not '${XT_SANITIZE}'")
endif()

if(CMAKE_UNITY_BUILD)
  target_compile_options(xt_options INTERFACE -Wno-subobject-linkage)  # of sources that another one includes
endif()

option(XT_FUZZ "Build the fuzzers of tests/fuzz; needs clang" OFF)
if(XT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  target_compile_options(xt_options INTERFACE -w)  # the tree is kept free of g++'s warnings, not of clang's
endif()
