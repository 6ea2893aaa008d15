# libperf, the kernel's own library over perf_event_open(): the system's when there is one (Fedora has
# libperf-devel), else built once, statically, from the kernel source that Debian packages as
# /usr/src/linux-source-VERSION.tar.xz and kept outside the build folder for the next configure.
#
# Result: LibPerf::LibPerf (with libapi).
# TRIAGE_CACHE         where the built library is kept; $XDG_CACHE_HOME/triage or ~/.cache/triage
# TRIAGE_LINUX_SOURCE  the tarball; the newest /usr/src/linux-source-*.tar.xz

function(libperf_cache_folder ret)
	if(TRIAGE_CACHE)
		set(folder ${TRIAGE_CACHE})
	elseif(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
		set(folder $ENV{XDG_CACHE_HOME}/triage)
	elseif(NOT "$ENV{HOME}" STREQUAL "")
		set(folder $ENV{HOME}/.cache/triage)
	else()
		set(folder ${PROJECT_SOURCE_DIR}/build/cache)
	endif()
	get_filename_component(folder ${folder} ABSOLUTE BASE_DIR ${CMAKE_BINARY_DIR})
	set(${ret} ${folder} PARENT_SCOPE)
endfunction()

function(libperf_find_tarball ret)
	if(TRIAGE_LINUX_SOURCE)
		set(tarballs ${TRIAGE_LINUX_SOURCE})
	else()
		file(GLOB tarballs /usr/src/linux-source-*.tar.xz)
		list(SORT tarballs COMPARE NATURAL ORDER DESCENDING)
	endif()
	list(APPEND tarballs none)
	list(GET tarballs 0 newest)
	set(${ret} ${newest} PARENT_SCOPE)
endfunction()

function(libperf_step what)
	execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output
		ERROR_VARIABLE output)
	if(failed)
		message(FATAL_ERROR "libperf: ${what} failed (${failed}):\n${output}")
	endif()
endfunction()

# Builds in a folder of its own beside `target` and renames it: a broken-off build leaves no half library.
function(libperf_build tarball target)
	get_filename_component(top ${tarball} NAME)
	string(REGEX REPLACE "\\.tar\\.xz$" "" top ${top})
	set(work ${target}.new)
	file(REMOVE_RECURSE ${work} ${target})
	file(MAKE_DIRECTORY ${work}/source ${work}/install/lib)

	message(STATUS "Building libperf from ${tarball} (once, about 15 s)")
	set(parts lib include build scripts arch)
	list(TRANSFORM parts PREPEND ${top}/tools/)
	libperf_step("unpacking" ${CMAKE_COMMAND} -E env XZ_OPT=-T0
		tar -xf ${tarball} -C ${work}/source --strip-components=1 ${parts})

	# The kernel's makefiles listen to many variables; an outer make or a packager's flags must not reach them.
	libperf_step("building" ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS --unset=MAKELEVEL --unset=CFLAGS
		--unset=LDFLAGS --unset=ARCH --unset=CROSS_COMPILE --unset=O --unset=OUTPUT --unset=DESTDIR
		make -C ${work}/source/tools/lib/perf prefix=${work}/install libdir=${work}/install/lib
		EXTRA_CFLAGS=-O2 install_lib install_headers)
	file(GLOB_RECURSE libapi ${work}/source/libapi.a)
	if(NOT libapi)
		message(FATAL_ERROR "libperf: the build left no libapi.a")
	endif()
	file(COPY ${libapi} DESTINATION ${work}/install/lib)
	file(GLOB shared ${work}/install/lib/*.so*)
	file(REMOVE_RECURSE ${work}/source ${shared})
	file(RENAME ${work}/install ${target})
	file(REMOVE_RECURSE ${work})
endfunction()

# Sets `ret` to the folder with include/ and lib/, built when it is not there yet.
function(libperf_provide ret)
	libperf_find_tarball(tarball)
	get_filename_component(version ${tarball} NAME)
	string(REGEX REPLACE "^linux-source-(.*)\\.tar\\.xz$" "\\1" version ${version})
	libperf_cache_folder(cache)
	set(target ${cache}/libperf-${version}-${CMAKE_SYSTEM_PROCESSOR})

	if(NOT EXISTS ${target}/lib/libperf.a)
		if(NOT EXISTS ${tarball})
			message(FATAL_ERROR "libperf: neither a system libperf nor a kernel source in /usr/src. "
				"On Debian: apt-get install linux-source-6.1")
		endif()
		file(MAKE_DIRECTORY ${cache})
		file(LOCK ${target}.lock GUARD FUNCTION TIMEOUT 600 RESULT_VARIABLE locked)
		if(NOT locked EQUAL 0)
			message(FATAL_ERROR "libperf: ${target}.lock: ${locked}")
		endif()
		# Another configure may have built it while this one waited.
		if(NOT EXISTS ${target}/lib/libperf.a)
			libperf_build(${tarball} ${target})
		endif()
	endif()
	set(${ret} ${target} PARENT_SCOPE)
endfunction()

if(NOT TARGET LibPerf::LibPerf)
	find_package(PkgConfig QUIET)
	if(PkgConfig_FOUND)
		pkg_check_modules(LIBPERF QUIET IMPORTED_TARGET libperf)
	endif()
	add_library(LibPerf::LibPerf INTERFACE IMPORTED)
	if(LIBPERF_FOUND)
		target_link_libraries(LibPerf::LibPerf INTERFACE PkgConfig::LIBPERF)
		set(LibPerf_VERSION ${LIBPERF_VERSION})
		set(LibPerf_ORIGIN "system")
	else()
		libperf_provide(libperf_folder)
		target_include_directories(LibPerf::LibPerf SYSTEM INTERFACE ${libperf_folder}/include)
		target_link_libraries(LibPerf::LibPerf INTERFACE ${libperf_folder}/lib/libperf.a
			${libperf_folder}/lib/libapi.a)
		set(LibPerf_ORIGIN ${libperf_folder})
	endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibPerf REQUIRED_VARS LibPerf_ORIGIN VERSION_VAR LibPerf_VERSION)
