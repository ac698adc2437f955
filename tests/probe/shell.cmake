# Lists, results, and the commands.
mxp_test(list_reader LINK mxp_probe)
mxp_fuzz(list LINK mxp_probe)
