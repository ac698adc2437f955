# The engine in a world in memory, which stands in for loop.c and conn.c.
foreach(test engine_sync engine_sync_random engine_trouble)
  mxp_test(${test} SOURCES odd_server.c world.c options_util.c ${PROJECT_SOURCE_DIR}/tests/dns/fake.c
    ${PROJECT_SOURCE_DIR}/tests/dns/message.c LINK mxp_probe)
  target_include_directories(test_${test} PRIVATE ${PROJECT_SOURCE_DIR}/tests/dns)
endforeach()
