# SPDX-License-Identifier: GPL-2.0-or-later
# What can be chosen at configure time. Everything else is chosen at run time.

# A cache string that accepts only the values listed; the first is the default.
function(faultline_choice name what)
	list(GET ARGN 0 default)
	set(${name} "${default}" CACHE STRING "${what}")
	set_property(CACHE ${name} PROPERTY STRINGS ${ARGN})
	if(NOT "${${name}}" IN_LIST ARGN)
		list(JOIN ARGN "', '" values)
		message(FATAL_ERROR "${name} is '${${name}}', and must be one of '${values}'")
	endif()
endfunction()

set(FAULTLINE_GEOMETRIES 4 5 2)

option(FAULTLINE_CHECK "Assertions, lock order, sync points, knock-outs" OFF)
option(FAULTLINE_WERROR "Make warnings errors: for developers, whose compilers are known" OFF)
option(BUILD_TESTING "Build the tests" ON)
faultline_choice(FAULTLINE_LEVELS "Page-table levels of the program and of most tests" ${FAULTLINE_GEOMETRIES})
faultline_choice(FAULTLINE_RCU "liburcu flavour" memb mb qsbr bp)
set(FAULTLINE_MARCH x86-64-v3 CACHE STRING "-march of a release build on x86-64; empty: the compiler's own")
faultline_choice(FAULTLINE_SANITIZE "Sanitizer" "" thread address)
# A sanitizer takes time. 5 levels differ from 4 by one more of the same; and threads meet under the same locks in all.
set(alike 5)
if(FAULTLINE_SANITIZE STREQUAL "thread")
	list(APPEND alike 2)
endif()
if(FAULTLINE_SANITIZE)
	list(REMOVE_ITEM alike ${FAULTLINE_LEVELS})
	list(REMOVE_ITEM FAULTLINE_GEOMETRIES ${alike})
endif()
set(FAULTLINE_DEBUG -g1 CACHE STRING "Debug information of a build with checks: lines; -g: variables too")
option(FAULTLINE_EXPLORE "Each access to shared memory is a step of serial schedules" OFF)
if(FAULTLINE_EXPLORE AND (NOT FAULTLINE_CHECK OR FAULTLINE_SANITIZE))
	message(FATAL_ERROR "FAULTLINE_EXPLORE needs FAULTLINE_CHECK, and no sanitizer")
endif()
option(FAULTLINE_INSTALL_LIB "Build and install the core as a library too (without sanitizers)" OFF)
option(FAULTLINE_FUZZ "tests/fuzz by clang's libFuzzer" OFF)
