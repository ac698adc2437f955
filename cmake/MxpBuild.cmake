# Shared build rules: warnings, sanitizers, and one static library per room.
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)

add_library(mxp_flags INTERFACE)
# A table of uthash that finds no memory must not end the process: hh.tbl is NULL then.
target_compile_definitions(mxp_flags INTERFACE _GNU_SOURCE HASH_NONFATAL_OOM=1)
target_compile_options(mxp_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla)
if(MXP_WERROR)
  target_compile_options(mxp_flags INTERFACE -Werror)
endif()
if(MXP_SANITIZE)
  target_compile_options(mxp_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(mxp_flags INTERFACE -fsanitize=address,undefined)
endif()
if(MXP_FUZZ)
  target_compile_options(mxp_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# mxp_pkg(NAME pkg-config-name): an imported target PkgConfig::NAME.
macro(mxp_pkg name module)
  if(NOT TARGET PkgConfig::${name})
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  endif()
endmacro()

# mxp_room(NAME SOURCES ... LINK ... PRIVATE_LINK ...): a room's static library.
# Its headers are reached as "name/header.h", and only by rooms that link it: each
# room exports a folder of its own that holds one link to its sources.
function(mxp_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  set(root ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)
  add_library(mxp_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(mxp_${name} PUBLIC ${root})
  target_link_libraries(mxp_${name} PUBLIC ${ROOM_LINK} PRIVATE mxp_flags ${ROOM_PRIVATE_LINK})
endfunction()

# mxp_test(NAME LINK ...): one cmocka program, tests/<here>/test_NAME.c, one ctest entry.
function(mxp_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  mxp_pkg(CMOCKA cmocka)
  add_executable(test_${name} test_${name}.c ${TEST_SOURCES})
  target_link_libraries(test_${name} PRIVATE mxp_flags ${TEST_LINK} PkgConfig::CMOCKA)
  target_compile_definitions(test_${name} PRIVATE MXP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# mxp_test_failing_alloc(NAME ...): allocations of these tests fail on demand.
function(mxp_test_failing_alloc)
  foreach(name ${ARGN})
    target_sources(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/failing_alloc.c)
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_options(test_${name} PRIVATE
      -Wl,--wrap=malloc,--wrap=realloc,--wrap=calloc)
  endforeach()
endfunction()

# mxp_fuzz(NAME LINK ...): tests/fuzz/fuzz_NAME.c. With MXP_FUZZ a libFuzzer program;
# always a plain program that replays tests/fuzz/corpus/NAME as an ordinary test.
function(mxp_fuzz name)
  cmake_parse_arguments(FUZZ "" "" "LINK" ${ARGN})
  set(src ${CMAKE_SOURCE_DIR}/tests/fuzz)
  add_executable(replay_${name} ${src}/fuzz_${name}.c ${src}/replay.c)
  target_link_libraries(replay_${name} PRIVATE mxp_flags ${FUZZ_LINK})
  add_test(NAME fuzz_corpus_${name} COMMAND replay_${name} ${src}/corpus/${name})
  set_tests_properties(fuzz_corpus_${name} PROPERTIES TIMEOUT 300)
  if(MXP_FUZZ)
    add_executable(fuzz_${name} ${src}/fuzz_${name}.c)
    target_link_libraries(fuzz_${name} PRIVATE mxp_flags ${FUZZ_LINK})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

# mxp_embed(OUT HEADER NAME FILES ...): text files as the table NAME (core/embedded.h), declared in
# HEADER; the C file OUT is made when one of them changes.
function(mxp_embed out header name)
  string(REPLACE ";" "," list "${ARGN}")
  set(script ${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFILES=${list} -DHEADER=${header} -DNAME=${name}
      -P ${script}
    DEPENDS ${ARGN} ${script}
    VERBATIM)
endfunction()
