# Lists, results, and the commands.
set(PROBE_SHELL_SOURCES
  address_facts.c
  bulk.c
  bulk_report.c
  check.c
  exclude.c
  input.c
  limits_file.c
  list.c
  list_reader.c
  list_spool.c
  output.c
  result_pack.c
  result_row.c
  resume.c
  run.c
  transcript.c)
