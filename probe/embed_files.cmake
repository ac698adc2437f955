# Writes text files into one C file, a table of struct mxp_explain_file:
# cmake -DOUT=.. "-DFILES=a,b" -P
string(REPLACE "," ";" files "${FILES}")
set(c "#include \"probe/explain_builtin.h\"\n")
set(table "")
set(n 0)
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(REGEX REPLACE "(('.x..',){16})" "\\1\n" bytes "${bytes}")
  string(APPEND c "static const char text${n}[] = {\n${bytes}'\\0'};\n")
  string(APPEND table "    {\"${name}\", text${n}},\n")
  math(EXPR n "${n} + 1")
endforeach()
string(APPEND c "const struct mxp_explain_file mxp_explain_builtin[] = {\n${table}};\n"
  "const size_t mxp_n_explain_builtin = ${n};\n")
file(WRITE ${OUT} "${c}")
