# triage_test(NAME SOURCE.c LIBRARY...): a Check program beside the code it tests, run by ctest.
# triage_fuzz(NAME SOURCE.c CORPUS LIBRARY...): a fuzzer; ctest replays its corpus, and with
# -DTRIAGE_FUZZ=ON (clang) the same source becomes a libFuzzer program.
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)

function(triage_test name source)
	add_executable(${name} ${source})
	target_link_libraries(${name} PRIVATE triage_flags ${ARGN} PkgConfig::CHECK)
	target_compile_definitions(${name} PRIVATE TESTDATA="${PROJECT_SOURCE_DIR}/testdata"
		SOURCE_ROOT="${PROJECT_SOURCE_DIR}")
	add_test(NAME ${name} COMMAND ${name})
endfunction()

function(triage_fuzz name source corpus)
	if(TRIAGE_FUZZ)
		add_executable(${name} ${source})
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
	else()
		add_executable(${name} ${source} ${PROJECT_SOURCE_DIR}/testdata/fuzz/replay.c)
		add_test(NAME ${name}_corpus COMMAND ${name} ${PROJECT_SOURCE_DIR}/testdata/fuzz/${corpus})
	endif()
	target_link_libraries(${name} PRIVATE triage_flags ${ARGN})
endfunction()
