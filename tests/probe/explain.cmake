mxp_test(explain_agree LINK mxp_probe)
mxp_test(explain_data SOURCES options_util.c LINK mxp_probe)
mxp_test(log_reply LINK mxp_probe)
mxp_test(explain SOURCES options_util.c LINK mxp_probe PkgConfig::JANSSON)
mxp_test(explain_batch SOURCES options_util.c LINK mxp_probe PkgConfig::JANSSON)
# As a user runs it, and docs/explain.md to the letter.
add_test(NAME explain_cli
  COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/explain_cli.py $<TARGET_FILE:mxprobe>
    ${CMAKE_SOURCE_DIR}/docs/explain.md)
set_tests_properties(explain_cli PROPERTIES TIMEOUT 300)
mxp_fuzz(explain LINK mxp_probe PkgConfig::JANSSON)
