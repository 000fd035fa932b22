# SPDX-License-Identifier: GPL-2.0-or-later
# The workloads, and the program that runs them.
enable_language(CXX)
set(core faultline_core_${FAULTLINE_LEVELS})

# The commit is looked up at every build, the rest at configure time.
set(generated ${CMAKE_BINARY_DIR}/generated)
configure_file(${CMAKE_SOURCE_DIR}/cmake/faultline_build.h.in ${generated}/faultline_build.h @ONLY)
add_custom_target(faultline_commit
	COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D HEADER=${generated}/faultline_commit.h
		-P ${CMAKE_SOURCE_DIR}/cmake/commit.cmake
	BYPRODUCTS ${generated}/faultline_commit.h
	COMMENT "Looking up the commit")

file(GLOB workload_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/workloads/*.c
	${CMAKE_SOURCE_DIR}/workloads/lib/*.c ${CMAKE_SOURCE_DIR}/workloads/litmus/*.c
	${CMAKE_SOURCE_DIR}/workloads/scenario/*.c)
file(GLOB_RECURSE bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.c ${CMAKE_SOURCE_DIR}/bench/*.cc)

# faultline_program(NAME WORKLOADS CORE): the workloads are objects and not an archive, since each registers itself,
# and no symbol of it is called by name.
function(faultline_program name workloads core)
	if(workload_sources)
		add_library(${workloads} OBJECT ${workload_sources})
		target_compile_options(${workloads} PRIVATE ${FAULTLINE_ACCESS_CALLS})
		target_link_libraries(${workloads} PUBLIC ${core})
	else()
		add_library(${workloads} INTERFACE)
	endif()
	if(bench_sources)
		add_executable(${name} ${bench_sources})
		add_dependencies(${name} faultline_commit)
		target_include_directories(${name} PRIVATE ${generated})
		target_link_libraries(${name} PRIVATE ${workloads} ${core}
			faultline::benchmark faultline::popt faultline::jansson faultline::gsl
			$<TARGET_NAME_IF_EXISTS:faultline::dw>)
	endif()
endfunction()

faultline_program(faultline faultline_workloads ${core})

# What is measured has no instruments in it: `faultline profile` runs a program of its own. Builds with checks have
# them anyway.
if(NOT FAULTLINE_CHECK AND NOT FAULTLINE_SANITIZE)
	faultline_add_core(${FAULTLINE_LEVELS} _profile FAULTLINE_PROFILE=1)
	faultline_program(faultline-profile faultline_workloads_profile ${core}_profile)
endif()
