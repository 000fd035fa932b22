# SPDX-License-Identifier: GPL-2.0-or-later
# Writes HEADER with the commit of SOURCE, and touches it only when the commit changed.
cmake_minimum_required(VERSION 3.25)
find_program(git git)
if(git AND EXISTS ${SOURCE}/.git)
	execute_process(COMMAND ${git} describe --always --dirty WORKING_DIRECTORY ${SOURCE}
		OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT commit) # a package is built from a copy without history
	set(commit $ENV{FAULTLINE_COMMIT})
endif()
if(NOT commit)
	set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define FAULTLINE_BUILD_COMMIT \"\${commit}\"\n")
