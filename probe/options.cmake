# Options, configuration, provider table, help, counters, summary, progress.
set(PROBE_OPTIONS_SOURCES
  config.c
  config_identities.c
  counters.c
  duration.c
  help.c
  help_docs.c
  identity.c
  nearest.c
  option_table.c
  options.c
  options_machine.c
  progress.c
  provider_table.c
  settings.c
  summary.c
  yaml_tree.c
  ${CMAKE_CURRENT_BINARY_DIR}/provider_builtin.c)

# The provider table is built into the program.
mxp_embed(${CMAKE_CURRENT_BINARY_DIR}/provider_builtin.c probe/provider_builtin.h
  mxp_provider_builtin ${CMAKE_SOURCE_DIR}/ratelimit/providers.yaml)

set_source_files_properties(help.c docs_main.c PROPERTIES
  COMPILE_DEFINITIONS "MXP_VERSION=\"${PROJECT_VERSION}\"")
