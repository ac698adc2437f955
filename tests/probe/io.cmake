# The corner of sockets and TLS, tested over memory.
mxp_pkg(OPENSSL openssl)
mxp_test(tls SOURCES tls_peer.c LINK mxp_probe PkgConfig::OPENSSL)
mxp_test(due LINK mxp_probe)
mxp_test(netwatch LINK mxp_probe)
mxp_test(evidence LINK mxp_probe)

# The whole engine, against a server and a zone of the test's own.
mxp_pkg(LIBUV libuv)
set(world engine_world.c options_util.c ../dns/fake.c ../dns/message.c)
mxp_test(engine_memory SOURCES ${world} LINK mxp_probe PkgConfig::LIBUV)
mxp_test(engine SOURCES ${world} LINK mxp_probe PkgConfig::LIBUV)
mxp_test_failing_alloc(engine engine_memory)
