# SPDX-License-Identifier: GPL-2.0-or-later
# The core as a library for other programs: headers, archive, shared library and a pkg-config file.
if(NOT FAULTLINE_INSTALL_LIB OR FAULTLINE_SANITIZE)
	return()
endif()

# What is measured has objects of its own; a check build's serve for both.
set(pic ${core})
if(NOT FAULTLINE_CHECK)
	faultline_add_core(${FAULTLINE_LEVELS} _pic)
	string(APPEND pic _pic)
endif()
# Thread-local variables at fixed offsets: the library cannot be loaded by dlopen() into every program.
target_compile_options(${pic} PRIVATE -fPIC -ftls-model=initial-exec -fno-semantic-interposition)

# Before 1.0 each minor version may change structures, and so the name that programs load.
add_library(faultline_shared SHARED $<TARGET_OBJECTS:${pic}>)
set_target_properties(faultline_shared PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME ${FAULTLINE_INSTALLED}
	VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_link_libraries(faultline_shared PRIVATE faultline_flags faultline::urcu faultline::hwloc faultline::jemalloc m)
target_link_options(faultline_shared PRIVATE -Wl,-z,defs -Wl,--as-needed)

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/faultline)
set(pc_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pc ${CMAKE_INSTALL_PREFIX}/${pc_folder} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
list(TRANSFORM FAULTLINE_DEFINES PREPEND -D OUTPUT_VARIABLE defines)
list(JOIN defines " " defines)
string(APPEND defines " -DFAULTLINE_LEVELS=${FAULTLINE_LEVELS}")
configure_file(${CMAKE_SOURCE_DIR}/cmake/faultline.pc.in ${generated}/${FAULTLINE_INSTALLED}.pc @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/cmake/faultline.h.in ${generated}/faultline.h @ONLY)

install(TARGETS faultline_shared DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES $<TARGET_FILE:${core}> DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME lib${FAULTLINE_INSTALLED}.a)
install(FILES ${generated}/${FAULTLINE_INSTALLED}.pc DESTINATION ${pc_folder})
install(FILES ${generated}/faultline.h DESTINATION ${headers})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/core DESTINATION ${headers} FILES_MATCHING PATTERN *.h PATTERN *.def)
