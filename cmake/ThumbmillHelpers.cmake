# One-line helpers: every library, program and test of the tree is made through one of these.

set(THUMBMILL_SANITIZER "none" CACHE STRING "none, address (with undefined), thread")
set_property(CACHE THUMBMILL_SANITIZER PROPERTY STRINGS none address thread)
option(THUMBMILL_COVERAGE "instrument for gcov" OFF)
option(THUMBMILL_FUZZ "build the libFuzzer programs (clang only)" OFF)

function(thumbmill_target_options target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE THUMBMILL_VERSION="${PROJECT_VERSION}")
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Werror -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
    -Wvla -Wpointer-arith -Wwrite-strings -Wundef -fno-common -fstack-protector-strong)
  if(THUMBMILL_SANITIZER STREQUAL "address")
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  elseif(THUMBMILL_SANITIZER STREQUAL "thread")
    target_compile_options(${target} PRIVATE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=thread)
  endif()
  if(THUMBMILL_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage)
    target_link_options(${target} PRIVATE --coverage)
  endif()
  if(THUMBMILL_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# thumbmill_library(NAME file.c... [USES library...]): what it USES is private to it.
function(thumbmill_library name)
  cmake_parse_arguments(arg "" "" "USES" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_USES})
  thumbmill_target_options(${name})
endfunction()

function(thumbmill_program name)
  cmake_parse_arguments(arg "" "" "USES" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_USES})
  thumbmill_target_options(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# thumbmill_unit_test(NAME [USES library...]): tests/unit/NAME.c, a CMocka program, run as unit/NAME.
function(thumbmill_unit_test name)
  cmake_parse_arguments(arg "" "" "USES" ${ARGN})
  add_executable(unit_${name} ${name}.c)
  target_link_libraries(unit_${name} PRIVATE ${arg_USES} cmocka)
  thumbmill_target_options(unit_${name})
  add_test(NAME unit/${name} COMMAND unit_${name})
  set_tests_properties(unit/${name} PROPERTIES TIMEOUT 600
    ENVIRONMENT "${THUMBMILL_TEST_ENVIRONMENT}")
endfunction()
