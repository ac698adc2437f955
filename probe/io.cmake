set(PROBE_IO_SOURCES
  loop.c
  conn.c
  conn_tls.c
  own_addresses.c
  sockaddr.c
  tls.c
  tls_bio.c)
