# SPDX-License-Identifier: GPL-2.0-or-later
# The core as one static library for each geometry, and in release builds a second one with instruments. Only what the
# programs need is built unasked.
file(GLOB_RECURSE core_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/core/*.c)

# Handing over a turn is no order between threads that ThreadSanitizer may count on: it would find every lock in its
# place.
if(FAULTLINE_SANITIZE STREQUAL "thread")
	set_source_files_properties(${CMAKE_SOURCE_DIR}/core/probe/schedule.c
		${CMAKE_SOURCE_DIR}/core/probe/schedule_futex.c ${CMAKE_SOURCE_DIR}/core/probe/schedule_rcu.c
		PROPERTIES COMPILE_OPTIONS -fno-sanitize=thread)
endif()

# Each access becomes a call of core/probe/access.c. Not where threads hold mutexes of the C library, and not
# those of detectors and oracles.
if(FAULTLINE_EXPLORE)
	set(explored ${core_sources})
	list(FILTER explored EXCLUDE REGEX "/core/(base|host|probe|oracle)/")
	list(FILTER explored EXCLUDE REGEX "/core/lock/(hold_time|lock[a-z_]*|shadow)\\.c$")
	set_source_files_properties(${explored} PROPERTIES COMPILE_OPTIONS "${FAULTLINE_ACCESS_CALLS}")
endif()

# Detectors and subscribers register themselves (core/probe/detector.h), and no symbol of them is called by name: the
# option -u makes the linker take their files from the archive.
set(FAULTLINE_REGISTERED "")
if(FAULTLINE_CHECK)
	foreach(source IN LISTS core_sources)
		file(STRINGS ${source} entries REGEX "^(DETECTOR|[A-Z]+_SUBSCRIBER)\\([a-z_]+\\);")
		foreach(entry IN LISTS entries)
			string(REGEX MATCH "^([A-Z_]+)\\(([a-z_]+)\\)" entry "${entry}")
			string(TOLOWER ${CMAKE_MATCH_1} macro)
			list(APPEND FAULTLINE_REGISTERED -Wl,-u,${macro}_${CMAKE_MATCH_2})
		endforeach()
	endforeach()
endif()
list(JOIN FAULTLINE_REGISTERED " " FAULTLINE_REGISTERED_FLAGS)

# faultline_add_core(LEVELS [SUFFIX DEFINITION...])
function(faultline_add_core levels)
	set(core faultline_core_${levels})
	if(ARGC GREATER 1)
		list(POP_FRONT ARGN suffix)
		string(APPEND core ${suffix})
	endif()
	if(core_sources)
		set(visible PUBLIC)
		add_library(${core} STATIC ${core_sources})
	else()
		set(visible INTERFACE)
		add_library(${core} INTERFACE)
	endif()
	target_compile_definitions(${core} ${visible} FAULTLINE_LEVELS=${levels} ${ARGN})
	target_link_libraries(${core} ${visible} faultline_flags faultline::bsd faultline::urcu faultline::hwloc m
		$<TARGET_NAME_IF_EXISTS:faultline::jemalloc>)
	target_link_options(${core} INTERFACE ${FAULTLINE_REGISTERED})
	if(NOT levels EQUAL FAULTLINE_LEVELS AND NOT CMAKE_CROSSCOMPILING) # for tests alone, and sooner compiled
		set_target_properties(${core} PROPERTIES EXCLUDE_FROM_ALL ON)
		target_compile_options(${core} PRIVATE -O1)
	endif()
endfunction()
