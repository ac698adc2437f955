mxp_test(options LINK mxp_probe)
mxp_test(counters LINK mxp_probe m)
mxp_test(summary LINK mxp_probe)
mxp_test(progress LINK mxp_probe)
mxp_test(config SOURCES options_util.c LINK mxp_probe)
mxp_test(provider_table SOURCES options_util.c LINK mxp_probe)
mxp_test(identity SOURCES options_util.c LINK mxp_probe)
mxp_test(help SOURCES options_util.c LINK mxp_probe)
mxp_test(options_memory SOURCES options_util.c LINK mxp_probe)
mxp_test_failing_alloc(options_memory)
mxp_fuzz(config LINK mxp_probe)

# What the build wrote: the completion works, the man page has no errors.
add_test(NAME completion_bash
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/completion.bash ${CMAKE_BINARY_DIR}/docs/mxprobe.bash)
find_program(GROFF groff)
if(GROFF)
  add_test(NAME man_page COMMAND ${GROFF} -man -Tutf8 -ww -z ${CMAKE_BINARY_DIR}/docs/mxprobe.1)
  # groff only warns
  set_tests_properties(man_page PROPERTIES FAIL_REGULAR_EXPRESSION "warning|error")
endif()
