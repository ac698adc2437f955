# The corner of sockets and TLS, tested over memory.
mxp_pkg(OPENSSL openssl)
mxp_test(tls SOURCES tls_peer.c LINK mxp_probe PkgConfig::OPENSSL)
mxp_test(due LINK mxp_probe)
mxp_test(netwatch LINK mxp_probe)
mxp_test(evidence LINK mxp_probe)
