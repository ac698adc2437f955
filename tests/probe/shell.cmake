# Lists, results, and the commands.
mxp_test(list_reader LINK mxp_probe)
mxp_test(list_address LINK mxp_probe)
mxp_pkg(JANSSON jansson)
mxp_test(result_row LINK mxp_probe PkgConfig::JANSSON)
mxp_test(resume LINK mxp_probe)
mxp_test(output LINK mxp_probe)
mxp_fuzz(list LINK mxp_probe)
