set(PROBE_IO_SOURCES
  loop.c
  conn.c
  tls.c
  tls_bio.c)
