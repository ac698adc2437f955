# Writes a C file that holds a file's octets: cmake -DIN=.. -DOUT=.. -DNAME=.. -DHEADER=.. -P
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
  bytes "${bytes}")
file(WRITE ${OUT} "#include \"${HEADER}\"\nconst unsigned char ${NAME}[] = {\n${bytes}0};\n"
  "const size_t ${NAME}_len = sizeof ${NAME} - 1;\n")
