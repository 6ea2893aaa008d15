# cmake -DOUTPUT=embedded.c -DFILES="a.jsonc;b.jsonc" -P EmbedRules.cmake
# Writes the files as C arrays, and the table of rules/embedded.h over them.
set(arrays "")
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
	get_filename_component(name ${file} NAME)
	file(READ ${file} bytes HEX)
	string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
	string(APPEND arrays "\n/* ${name} */\nstatic const unsigned char file_${count}[] = {\n${bytes}0x00\n};\n")
	string(APPEND rows "\t{ \"${name}\", (const char *)file_${count}, sizeof(file_${count}) - 1 },\n")
	math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
	message(FATAL_ERROR "no rule files to embed")
endif()

file(WRITE ${OUTPUT} "/* Generated from rules/ by cmake/EmbedRules.cmake. */
#include \"rules/embedded.h\"
${arrays}
const struct rule_file embedded_rules[] = {
${rows}};

const size_t embedded_rules_count = ${count};
")
