# Writes text files into one C file, a table of struct mxp_embedded and its length:
# cmake -DOUT=.. "-DFILES=a,b" -DHEADER=.. -DNAME=.. -P
# The header declares both, the length of mxp_x_builtin as mxp_n_x_builtin.
string(REPLACE "," ";" files "${FILES}")
string(REGEX REPLACE "^mxp_" "mxp_n_" count ${NAME})
set(c "#include \"${HEADER}\"\n")
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
string(APPEND c "const struct mxp_embedded ${NAME}[] = {\n${table}};\nconst size_t ${count} = ${n};\n")
file(WRITE ${OUT} "${c}")
