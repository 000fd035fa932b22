# SPDX-License-Identifier: GPL-2.0-or-later
# All of the program compiles by clang 19 as the release build does, without a warning. Syntax only: release-clang builds.
. "$(dirname "$0")/../lib/harness/lint.sh"
command -v clang-19 >/dev/null || {
	echo 'no clang-19: apt-get install clang-19'
	exit 1
}

check() {
	sources core workloads bench | grep '\.c$' |
		xargs -r -n 8 -P "$(nproc)" clang-19 -fsyntax-only -std=gnu17 -O2 -I. -I"${BUILD:-build}/generated" -D_GNU_SOURCE \
		-DFAULTLINE_SOURCE_DIR='"/"' \
		-DFAULTLINE_CHECK=0 -DFAULTLINE_LEVELS=4 -DFAULTLINE_RCU_MEMB -DFAULTLINE_PLAIN_ALLOC=0 -D_LGPL_SOURCE \
		-Wall -Wextra -Wundef -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wimplicit-fallthrough \
		-Wold-style-definition 2>&1
}

tree_passes
alone="find core workloads bench -name '*.c' -delete"
catches planted "$alone; echo 'static inline int planted(void) { return 0; }' > core/base/planted.c"
unevaluated='static int planted(void) { return 0; }\nint use(void);\nint use(void) { return (int)sizeof(planted()); }\n'
catches planted "$alone; printf '$unevaluated' > core/base/planted.c"
