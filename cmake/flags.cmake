# SPDX-License-Identifier: GPL-2.0-or-later
# One set of compiler flags, carried by the target faultline_flags; CMAKE_BUILD_TYPE adds none of its own.
foreach(type DEBUG RELEASE RELWITHDEBINFO MINSIZEREL)
	set(CMAKE_C_FLAGS_${type} "")
	set(CMAKE_CXX_FLAGS_${type} "")
endforeach()
set(CMAKE_C_STANDARD 17)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(FAULTLINE_WARNINGS -Wall -Wextra -Wundef -Wshadow -Wmissing-prototypes -Wstrict-prototypes
	-Wimplicit-fallthrough -Wold-style-definition)
if(FAULTLINE_WERROR)
	set(werror -Werror)
endif()

set(check 0)
if(FAULTLINE_CHECK)
	set(check 1)
endif()
set(FAULTLINE_DEFINES _GNU_SOURCE FAULTLINE_CHECK=${check})
string(TOUPPER ${FAULTLINE_RCU} flavour)
list(APPEND FAULTLINE_DEFINES FAULTLINE_RCU_${flavour})

if(FAULTLINE_SANITIZE STREQUAL "thread")
	set(FAULTLINE_BUILD_TYPE tsan)
	set(sanitizer -fsanitize=thread)
	if(CMAKE_C_COMPILER_ID STREQUAL "GNU") # its thread sanitizer does not see the built-in forms
		list(APPEND sanitizer -fno-builtin-memset -fno-builtin-memcpy)
	endif()
elseif(FAULTLINE_SANITIZE STREQUAL "address")
	set(FAULTLINE_BUILD_TYPE asan)
	set(sanitizer -fsanitize=address,undefined -fno-sanitize-recover=all)
endif()

if(FAULTLINE_FUZZ)
	list(APPEND sanitizer -fsanitize=fuzzer-no-link)
endif()

if(FAULTLINE_SANITIZE)
	# Plain allocation, because no sanitizer sees mallocx blocks; no inlined liburcu, because tsan must see its
	# calls. Lines and no variables, no relocations: reports need no more, and some 300 programs fit into 2 GB.
	set(options -O1 ${FAULTLINE_DEBUG} -fno-omit-frame-pointer ${sanitizer})
	set(link_options -Wl,--compress-debug-sections=zlib)
	if(FAULTLINE_SANITIZE STREQUAL "address")
		list(APPEND options -fno-pie)
		list(APPEND link_options -no-pie)
	endif()
	list(APPEND FAULTLINE_DEFINES FAULTLINE_PLAIN_ALLOC=1)
elseif(FAULTLINE_CHECK)
	set(FAULTLINE_BUILD_TYPE check)
	# Of another flavour of RCU a few tests are built, which need half the time to compile so.
	set(optimise -O2)
	if(NOT FAULTLINE_RCU STREQUAL "memb")
		set(optimise -O1)
	endif()
	set(options ${optimise} ${FAULTLINE_DEBUG})
	set(link_options -Wl,--compress-debug-sections=zlib)
	list(APPEND FAULTLINE_DEFINES FAULTLINE_PLAIN_ALLOC=0)
	if(FAULTLINE_EXPLORE)
		set(FAULTLINE_BUILD_TYPE explore)
		set(FAULTLINE_ACCESS_CALLS -fsanitize=thread --param=tsan-instrument-func-entry-exit=0
			-Wno-tsan) # fences are calls of ours
		list(APPEND FAULTLINE_DEFINES FAULTLINE_EXPLORE=1)
		list(APPEND link_options -Wl,--wrap=malloc,--wrap=calloc) # core/probe/race.c
	endif()
else()
	set(FAULTLINE_BUILD_TYPE release)
	set(options -O2 -g)
	list(APPEND FAULTLINE_DEFINES FAULTLINE_PLAIN_ALLOC=0 _LGPL_SOURCE)
	if(FAULTLINE_MARCH AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
		list(APPEND options -march=${FAULTLINE_MARCH})
	endif()
endif()

if(FAULTLINE_CHECK) # hundreds of test programs, each linked in a fifth of the time
	include(CheckLinkerFlag)
	check_linker_flag(C -fuse-ld=mold FAULTLINE_MOLD)
	if(FAULTLINE_MOLD)
		list(APPEND link_options -fuse-ld=mold)
	endif()
endif()

add_library(faultline_flags INTERFACE)
target_include_directories(faultline_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(faultline_flags INTERFACE ${FAULTLINE_DEFINES} FAULTLINE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_compile_options(faultline_flags INTERFACE ${options} -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=
	"$<$<COMPILE_LANGUAGE:C>:${FAULTLINE_WARNINGS}>" "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra>" ${werror})
if(NOT FAULTLINE_SANITIZE)
	list(APPEND link_options -Wl,-z,now) # the agents of conform unmap what the dynamic linker needs later
endif()
target_link_options(faultline_flags INTERFACE ${sanitizer} ${link_options})
target_link_libraries(faultline_flags INTERFACE Threads::Threads)

list(JOIN options " " FAULTLINE_BUILD_FLAGS)
string(STRIP "${CMAKE_C_FLAGS} ${FAULTLINE_BUILD_FLAGS}" FAULTLINE_BUILD_FLAGS)
