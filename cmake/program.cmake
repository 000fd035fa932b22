# SPDX-License-Identifier: GPL-2.0-or-later
# The workloads, and the program that runs them.
enable_language(CXX)
set(core faultline_core_${FAULTLINE_LEVELS})

# Objects and not an archive: a workload or litmus pattern registers itself, and no symbol of it is called by name.
file(GLOB workload_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/workloads/*.c
	${CMAKE_SOURCE_DIR}/workloads/litmus/*.c)
if(workload_sources)
	add_library(faultline_workloads OBJECT ${workload_sources})
	target_link_libraries(faultline_workloads PUBLIC ${core})
else()
	add_library(faultline_workloads INTERFACE)
endif()

# The commit is looked up at every build, the rest at configure time.
set(generated ${CMAKE_BINARY_DIR}/generated)
configure_file(${CMAKE_SOURCE_DIR}/cmake/faultline_build.h.in ${generated}/faultline_build.h @ONLY)
add_custom_target(faultline_commit
	COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D HEADER=${generated}/faultline_commit.h
		-P ${CMAKE_SOURCE_DIR}/cmake/commit.cmake
	BYPRODUCTS ${generated}/faultline_commit.h
	COMMENT "Looking up the commit")

file(GLOB bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.c ${CMAKE_SOURCE_DIR}/bench/*.cc)
if(bench_sources)
	add_executable(faultline ${bench_sources})
	add_dependencies(faultline faultline_commit)
	target_include_directories(faultline PRIVATE ${generated})
	target_link_libraries(faultline PRIVATE faultline_workloads ${core}
		faultline::benchmark faultline::popt faultline::jansson)
endif()
