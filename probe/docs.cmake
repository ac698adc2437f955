# The man page and the completions, written from the option table and installed.
add_executable(mxprobe_docs docs_main.c)
target_link_libraries(mxprobe_docs PRIVATE mxp_flags mxp_probe)

set(man_in ${CMAKE_SOURCE_DIR}/docs/mxprobe.1.in)
set(docs_out ${CMAKE_BINARY_DIR}/docs)
file(MAKE_DIRECTORY ${docs_out})
add_custom_command(
  OUTPUT ${docs_out}/mxprobe.1 ${docs_out}/mxprobe.bash ${docs_out}/_mxprobe
  COMMAND mxprobe_docs man ${man_in} ${docs_out}/mxprobe.1
  COMMAND mxprobe_docs bash ${docs_out}/mxprobe.bash
  COMMAND mxprobe_docs zsh ${docs_out}/_mxprobe
  DEPENDS mxprobe_docs ${man_in}
  VERBATIM)
add_custom_target(mxprobe_manual ALL
  DEPENDS ${docs_out}/mxprobe.1 ${docs_out}/mxprobe.bash ${docs_out}/_mxprobe)

install(FILES ${docs_out}/mxprobe.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${docs_out}/mxprobe.bash RENAME mxprobe
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${docs_out}/_mxprobe DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
