# SPDX-License-Identifier: GPL-2.0-or-later
# What `cmake --install` installs: a release build `faultline`, other builds `faultline-check` and the like, side by side.
include(GNUInstallDirs)

set(suffix "")
if(NOT FAULTLINE_BUILD_TYPE STREQUAL "release")
	set(suffix -${FAULTLINE_BUILD_TYPE})
endif()
set(FAULTLINE_INSTALLED faultline${suffix})

# An installed program finds its layouts from where it is, so that any prefix does.
file(RELATIVE_PATH FAULTLINE_LAYOUTS_FROM_BIN
	${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/faultline/layouts)
string(APPEND FAULTLINE_LAYOUTS_FROM_BIN /)

# The programs, as `profile` looks for its own beside the one that it runs in; the layouts.
function(faultline_install_programs)
	install(PROGRAMS $<TARGET_FILE:faultline> DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME ${FAULTLINE_INSTALLED})
	if(TARGET faultline-profile)
		install(PROGRAMS $<TARGET_FILE:faultline-profile> DESTINATION ${CMAKE_INSTALL_BINDIR})
	endif()
	install(DIRECTORY ${CMAKE_SOURCE_DIR}/workloads/layouts/ DESTINATION ${CMAKE_INSTALL_DATADIR}/faultline/layouts
		FILES_MATCHING PATTERN *.layout)
endfunction()
