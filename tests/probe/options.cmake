mxp_test(options LINK mxp_probe)
