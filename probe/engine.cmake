set(PROBE_ENGINE_SOURCES
  due.c
  evidence.c
  netwatch.c)
