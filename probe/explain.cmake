# explain, and finding replies in log lines.
set(PROBE_EXPLAIN_SOURCES
  explain.c
  explain_batch.c
  explain_data.c
  explain_json.c
  explain_lookup.c
  explain_match.c
  explain_print.c
  log_reply.c
  log_reply_generic.c
  log_reply_json.c
  log_reply_stage.c
  ${CMAKE_CURRENT_BINARY_DIR}/explain_builtin.c)

# What it says is built into the program.
file(GLOB explain_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/explain/*.yaml)
string(REPLACE ";" "," explain_list "${explain_files}")
add_custom_command(
  OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/explain_builtin.c
  COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_CURRENT_BINARY_DIR}/explain_builtin.c
    -DFILES=${explain_list} -P ${CMAKE_CURRENT_SOURCE_DIR}/embed_files.cmake
  DEPENDS ${explain_files} ${CMAKE_CURRENT_SOURCE_DIR}/embed_files.cmake
  VERBATIM)
