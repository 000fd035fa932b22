# SPDX-License-Identifier: GPL-2.0-or-later
# Every header compiles by itself, in each geometry, with checks and without. CC and CFLAGS come from the build.
. "$(dirname "$0")/../lib/harness/lint.sh"
: "${CC:=cc}" "${CFLAGS:=-std=gnu17 -D_GNU_SOURCE -DFAULTLINE_RCU_MEMB -DFAULTLINE_PLAIN_ALLOC=0 -Wall -Wextra -Werror}"

check() {
	for setting in 4,1 5,0 2,1; do
		sources core workloads bench | grep '\.h$' | xargs -r -n 8 -P "$(nproc)" \
			"$CC" -fsyntax-only $CFLAGS -I. -I"${BUILD:-build}/generated" -UFAULTLINE_CHECK \
			-DFAULTLINE_LEVELS=${setting%,*} -DFAULTLINE_CHECK=${setting#*,} -x c 2>&1
	done
}

tree_passes
alone="find . -name '*.h' -delete"
catches size_t "$alone; echo 'size_t planted(void);' > core/base/planted.h"
catches uint64_t "$alone; printf '#if FAULTLINE_LEVELS == 5\\nuint64_t planted(void);\\n#endif\\n' > core/base/planted.h"
catches planted "$alone; printf '#if !FAULTLINE_CHECK\\nplanted\\n#endif\\n' > core/base/planted.h"
