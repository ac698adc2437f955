mxp_test(options LINK mxp_probe)
mxp_test(counters LINK mxp_probe m)
mxp_test(summary LINK mxp_probe)
mxp_test(progress LINK mxp_probe)
