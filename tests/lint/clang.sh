# SPDX-License-Identifier: GPL-2.0-or-later
# All of the program compiles by clang 19 as the release build does, without a warning. Syntax only: release-clang builds.
. "$(dirname "$0")/../lib/harness/lint.sh"
command -v clang-19 >/dev/null || {
	echo 'no clang-19: apt-get install clang-19'
	exit 1
}

options='-std=gnu17 -O2 -I. -D_GNU_SOURCE -DFAULTLINE_SOURCE_DIR="/" -DFAULTLINE_CHECK=0 -DFAULTLINE_LEVELS=4
	-DFAULTLINE_RCU_MEMB -DFAULTLINE_PLAIN_ALLOC=0 -D_LGPL_SOURCE -Wall -Wextra -Wundef -Wshadow -Wmissing-prototypes
	-Wstrict-prototypes -Wimplicit-fallthrough -Wold-style-definition'

# compile ARGUMENT...: the sources that it reads.
compile() {
	grep '\.c$' | xargs -r -n 8 -P "$(nproc)" clang-19 -fsyntax-only $options -I"${BUILD:-build}/generated" "$@" 2>&1
}

# What most files of the core and the workloads include is parsed once: that is two thirds of the time.
check() {
	printf '#include %s\n' '<errno.h>' '<stdlib.h>' '<string.h>' '"core/faultline.h"' |
		clang-19 $options -x c-header - -o "$scratch/headers.pch"
	sources core workloads | compile -include-pch "$scratch/headers.pch"
	sources bench | compile
}

tree_passes
alone="find core workloads bench -name '*.c' -delete"
catches planted "$alone; echo 'static inline int planted(void) { return 0; }' > core/base/planted.c"
unevaluated='static int planted(void) { return 0; }\nint use(void);\nint use(void) { return (int)sizeof(planted()); }\n'
catches planted "$alone; printf '$unevaluated' > core/base/planted.c"
