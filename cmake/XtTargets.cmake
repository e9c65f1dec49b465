# The kinds of target. A folder's CMakeLists.txt is a list of calls to these.
#
#   xt_library(NAME  SOURCES a.cc b.cc  DEPS xt_base absl::status ...  [APART a.cc])
#   xt_binary(NAME   SOURCES main.cc    DEPS ...)
#   xt_test(NAME     GROUP unit|contract|integration|scenarios|simulation|e2e|chaos|nightly
#                    SOURCES a_test.cc  DEPS ...  [THREADED] [CORE] [PATHS] [LONG]
#                    [TIMEOUT seconds]  [APART a_test.cc])
#   xt_script_test(NAME  GROUP ...  COMMAND python3 a_test.py  [NEEDS targets...]  [TIMEOUT seconds])
#
# The sanitizers' presets, and CI for all, compile up to four sources of a target as one, since most of the time of
# compiling is headers; those that are APART stay alone: they have a name in common with another one, or the simulator
# has its own in their place. A library without sources is an interface library. THREADED tests also run under TSan in CI;
# CORE tests (cores and adapters) also run under ASan+UBSan there. A test that speaks gRPC is not THREADED
# (tools/dev/tsan.supp says why).
# The sources of a test with PATHS know XT_SOURCE_DIR and XT_BINARY_DIR; what was compiled of the others, another copy of
# the tree can use. A LONG one, of half a minute and more, is started first, so that none runs alone at the end. Every
# test links gmock_main and may write only below its TEST_TMPDIR. The label `gtest` tells ./dev test to count a program's
# cases; a script counts as one test. Either way the test has a target of its name that builds all it needs.

function(xt_apart)
  if(ARGN)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

function(xt_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;APART" ${ARGN})
  xt_apart(${ARG_APART})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} Threads::Threads PRIVATE xt_options)
    target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    xt_use_precompiled(${name} xt_precompiled)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
    target_include_directories(${name} INTERFACE "${CMAKE_SOURCE_DIR}")
  endif()
endfunction()

function(xt_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} xt_options Threads::Threads)
  xt_use_precompiled(${name} xt_precompiled)
  # Messages are made by one thread and freed by another, where glibc's allocator is slow. Sanitizers bring their own.
  if(XT_SANITIZE STREQUAL "" AND NOT XT_FUZZ)
    target_link_libraries(${name} PRIVATE PkgConfig::jemalloc)
  endif()
endfunction()

function(xt_test name)
  cmake_parse_arguments(ARG "THREADED;CORE;PATHS;LONG" "GROUP;TIMEOUT" "SOURCES;DEPS;APART" ${ARGN})
  xt_apart(${ARG_APART})
  if(NOT ARG_GROUP)
    message(FATAL_ERROR "xt_test(${name}) needs a GROUP")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} xt_options GTest::gmock_main Threads::Threads)
  target_compile_options(${name} PRIVATE ${XT_TEST_OPTIONS} ${XT_PRECOMPILED_TEST_OPTIONS})
  xt_use_precompiled(${name} xt_precompiled_test)
  if(ARG_PATHS)
    target_compile_definitions(${name} PRIVATE XT_SOURCE_DIR="${CMAKE_SOURCE_DIR}" XT_BINARY_DIR="${CMAKE_BINARY_DIR}")
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set(labels ${ARG_GROUP} gtest)
  if(ARG_THREADED)
    list(APPEND labels threaded)
  endif()
  if(ARG_CORE)
    list(APPEND labels core)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${ARG_TIMEOUT})
  if(ARG_LONG)
    set_tests_properties(${name} PROPERTIES COST 60)
  endif()
endfunction()

function(xt_script_test name)
  cmake_parse_arguments(ARG "" "GROUP;TIMEOUT" "COMMAND;NEEDS" ${ARGN})
  if(NOT ARG_GROUP OR NOT ARG_COMMAND)
    message(FATAL_ERROR "xt_script_test(${name}) needs a GROUP and a COMMAND")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_custom_target(${name})
  if(ARG_NEEDS)
    add_dependencies(${name} ${ARG_NEEDS})
  endif()
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_GROUP}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
