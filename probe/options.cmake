# Options, configuration, provider table, help, counters, summary, progress.
set(PROBE_OPTIONS_SOURCES
  config.c
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
set(providers_yaml ${CMAKE_SOURCE_DIR}/ratelimit/providers.yaml)
if(NOT EXISTS ${providers_yaml})
  set(providers_yaml ${CMAKE_SOURCE_DIR}/tests/probe/providers.yaml)
endif()
add_custom_command(
  OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/provider_builtin.c
  COMMAND ${CMAKE_COMMAND} -DIN=${providers_yaml}
    -DOUT=${CMAKE_CURRENT_BINARY_DIR}/provider_builtin.c -DNAME=mxp_provider_builtin
    -DHEADER=probe/provider_builtin.h -P ${CMAKE_CURRENT_SOURCE_DIR}/embed.cmake
  DEPENDS ${providers_yaml} ${CMAKE_CURRENT_SOURCE_DIR}/embed.cmake
  VERBATIM)

set_source_files_properties(help.c docs_main.c PROPERTIES
  COMPILE_DEFINITIONS "MXP_VERSION=\"${PROJECT_VERSION}\"")
