# Lists, results, and the commands.
mxp_test(list_reader LINK mxp_probe)
mxp_test(list_address LINK mxp_probe)
mxp_test(list_spool LINK mxp_probe)
mxp_pkg(JANSSON jansson)
mxp_test(result_row LINK mxp_probe PkgConfig::JANSSON)
mxp_test(resume LINK mxp_probe)
mxp_test(seen LINK mxp_probe)
mxp_test(output LINK mxp_probe)
mxp_test(exclude LINK mxp_probe)
mxp_test(address_facts LINK mxp_probe)
mxp_test(list LINK mxp_probe)
mxp_test(result_pack LINK mxp_probe)
mxp_test(bulk_files LINK mxp_probe)
mxp_fuzz(list LINK mxp_probe)

# The whole way of a list, read back by another's parsers.
add_test(NAME list_roundtrip
  COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/list_roundtrip.py $<TARGET_FILE:mxprobe>)
set_tests_properties(list_roundtrip PROPERTIES TIMEOUT 300)
