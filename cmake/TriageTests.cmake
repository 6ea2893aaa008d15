# triage_test(NAME SOURCE.c LIBRARY...): a Check program beside the code it tests, run by ctest. It skips
# itself by printing why and leaving with 77.
# triage_live(NAME...): those tests load or measure the machine: they run alone, under the label "live".
# triage_fuzz(NAME SOURCE.c CORPUS LIBRARY...): a fuzzer; ctest replays its corpus (testdata/fuzz/CORPUS), and
# with -DTRIAGE_FUZZ=ON (clang) the same source becomes a libFuzzer program that ctest runs for a while.
#
# With -DBUILD_TESTING=OFF none of them makes a target, and nothing that only tests need is looked for.
option(BUILD_TESTING "Build the tests" ON)
set(TRIAGE_FUZZ_SECONDS 30 CACHE STRING "How long ctest runs each fuzzer")

if(BUILD_TESTING)
	pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)
endif()

function(triage_test name source)
	if(NOT BUILD_TESTING)
		return()
	endif()
	add_executable(${name} ${source})
	target_link_libraries(${name} PRIVATE triage_flags ${ARGN} PkgConfig::CHECK)
	target_compile_definitions(${name} PRIVATE TESTDATA="${PROJECT_SOURCE_DIR}/testdata"
		SOURCE_ROOT="${PROJECT_SOURCE_DIR}")
	add_test(NAME ${name} COMMAND ${name})
	set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

function(triage_live)
	if(BUILD_TESTING)
		set_tests_properties(${ARGN} PROPERTIES RUN_SERIAL TRUE LABELS live)
	endif()
endfunction()

function(triage_fuzz name source corpus)
	set(seeds ${PROJECT_SOURCE_DIR}/testdata/fuzz/${corpus})
	if(TRIAGE_FUZZ)
		# New inputs go to the first folder: the checked-in seeds stay as they are.
		set(found ${CMAKE_BINARY_DIR}/corpus/${name})
		file(MAKE_DIRECTORY ${found})
		add_executable(${name} ${source})
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
		add_test(NAME ${name} COMMAND ${name} -max_total_time=${TRIAGE_FUZZ_SECONDS}
			-timeout=10 -rss_limit_mb=1024 ${found} ${seeds})
	elseif(BUILD_TESTING)
		add_executable(${name} ${source} ${PROJECT_SOURCE_DIR}/testdata/fuzz/replay.c)
		add_test(NAME ${name}_corpus COMMAND ${name} ${seeds})
	else()
		return()
	endif()
	target_link_libraries(${name} PRIVATE triage_flags ${ARGN})
endfunction()
