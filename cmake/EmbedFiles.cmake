# Writes text files into one C file, a table of {name, text} and its length:
# cmake -DOUT=.. "-DFILES=a,b" -DHEADER=.. -DTYPE=.. -DNAME=.. -P
# The header declares TYPE, NAME and n_NAME (mxp_x_builtin has mxp_n_x_builtin).
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
string(APPEND c "const ${TYPE} ${NAME}[] = {\n${table}};\nconst size_t ${count} = ${n};\n")
file(WRITE ${OUT} "${c}")
