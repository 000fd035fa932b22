# SPDX-License-Identifier: GPL-2.0-or-later
# What `cmake --install` installs: a release build `faultline`, other builds `faultline-check` and the like, side by
# side.
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

# Manual pages and completions, which the program writes when it is built. A check build's are another name of the
# release's. A sanitizer's runtime may not start where it is built.
function(faultline_install_manual)
	if(FAULTLINE_SANITIZE)
		return()
	endif()
	set(folder ${CMAKE_BINARY_DIR}/manual)
	set(mans ${CMAKE_INSTALL_MANDIR}/man1)
	file(MAKE_DIRECTORY ${folder})
	add_custom_command(OUTPUT ${folder}/faultline.1 COMMAND faultline manual ${folder} DEPENDS faultline
		COMMENT "Writing manual pages")
	add_custom_target(faultline_manual ALL DEPENDS ${folder}/faultline.1)
	install(DIRECTORY ${folder}/ DESTINATION ${mans} FILES_MATCHING PATTERN *.1)
	install(FILES ${folder}/faultline.bash RENAME faultline
		DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
	install(FILES ${folder}/_faultline DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
	if(suffix)
		file(WRITE ${CMAKE_BINARY_DIR}/${FAULTLINE_INSTALLED}.1 ".so man1/faultline.1\n")
		install(FILES ${CMAKE_BINARY_DIR}/${FAULTLINE_INSTALLED}.1 DESTINATION ${mans})
		file(CREATE_LINK faultline ${CMAKE_BINARY_DIR}/faultline.completion SYMBOLIC)
		install(FILES ${CMAKE_BINARY_DIR}/faultline.completion RENAME ${FAULTLINE_INSTALLED}
			DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
	endif()
endfunction()

# The programs, as `profile` looks for its own beside the one that it runs in; the layouts.
function(faultline_install_programs)
	install(PROGRAMS $<TARGET_FILE:faultline> DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME ${FAULTLINE_INSTALLED})
	if(TARGET faultline-profile)
		install(PROGRAMS $<TARGET_FILE:faultline-profile> DESTINATION ${CMAKE_INSTALL_BINDIR})
	endif()
	faultline_install_manual()
	install(DIRECTORY ${CMAKE_SOURCE_DIR}/workloads/layouts/ DESTINATION ${CMAKE_INSTALL_DATADIR}/faultline/layouts
		FILES_MATCHING PATTERN *.layout)
endfunction()
