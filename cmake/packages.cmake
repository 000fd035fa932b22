# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries, each an imported target named faultline::NAME. A missing one is named by its Debian package.

# A cross build needs headers only. The host's own tell architectures apart by the compiler's macros, so they serve,
# once they stand in a folder without the host's libc beside them.
if(CMAKE_CROSSCOMPILING)
	set(headers ${CMAKE_BINARY_DIR}/include)
	file(MAKE_DIRECTORY ${headers})
	file(GLOB found /usr/include/bsd /usr/include/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu/urcu*
		/usr/include/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu/hwloc)
	foreach(path IN LISTS found)
		cmake_path(GET path FILENAME name)
		file(CREATE_LINK ${path} ${headers}/${name} SYMBOLIC)
	endforeach()
	set(CMAKE_INCLUDE_PATH ${headers})
	include_directories(SYSTEM ${headers})
endif()

# faultline_package(NAME PACKAGE HEADER LIBRARY...)
function(faultline_package name package header)
	find_path(${name}_INCLUDE ${header})
	set(needed ${name}_INCLUDE)
	add_library(faultline::${name} INTERFACE IMPORTED GLOBAL)
	target_include_directories(faultline::${name} SYSTEM INTERFACE ${${name}_INCLUDE})
	if(NOT CMAKE_CROSSCOMPILING)
		foreach(library IN LISTS ARGN)
			find_library(${library}_LIBRARY ${library})
			list(APPEND needed ${library}_LIBRARY)
			target_link_libraries(faultline::${name} INTERFACE ${${library}_LIBRARY})
		endforeach()
	endif()
	foreach(path IN LISTS needed)
		if(NOT ${path})
			message(FATAL_ERROR "${name} not found: install ${package} (apt-get install ${package})")
		endif()
	endforeach()
endfunction()

find_package(Threads REQUIRED)
faultline_package(urcu liburcu-dev urcu/urcu-${FAULTLINE_RCU}.h urcu-${FAULTLINE_RCU} urcu-common)
faultline_package(hwloc libhwloc-dev hwloc.h hwloc)
faultline_package(bsd libbsd-dev bsd/sys/tree.h) # red-black trees; the header is all of it
if(NOT FAULTLINE_SANITIZE)
	faultline_package(jemalloc libjemalloc-dev jemalloc/jemalloc.h jemalloc)
endif()
if(NOT CMAKE_CROSSCOMPILING)
	faultline_package(benchmark libbenchmark-dev benchmark/benchmark.h benchmark)
	faultline_package(popt libpopt-dev popt.h popt)
	faultline_package(jansson libjansson-dev jansson.h jansson)
	faultline_package(gsl libgsl-dev gsl/gsl_cdf.h gsl gslcblas)
	if(FAULTLINE_EXPLORE)
		faultline_package(dw libdw-dev elfutils/libdwfl.h dw) # lines of accesses
	endif()
	if(BUILD_TESTING)
		faultline_package(cmocka libcmocka-dev cmocka.h cmocka)
		faultline_package(expat libexpat1-dev expat.h expat) # pages are well-formed
		if(FAULTLINE_CHECK AND NOT FAULTLINE_SANITIZE)
			faultline_package(relacy relacy-dev relacy/relacy.hpp) # headers are all of it
		endif()
	endif()
endif()
