# explain, and finding replies in log lines.
set(PROBE_EXPLAIN_SOURCES
  explain.c
  explain_batch.c
  explain_data.c
  explain_families.c
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
mxp_embed(${CMAKE_CURRENT_BINARY_DIR}/explain_builtin.c probe/explain_builtin.h
  mxp_explain_builtin ${explain_files})
