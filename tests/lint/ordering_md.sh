# SPDX-License-Identifier: GPL-2.0-or-later
# ORDERING.md is what tests/ordering.sh prints.
. "$(dirname "$0")/../lib/harness/lint.sh"

check() {
	(SOURCE=$PWD sh tests/ordering.sh) | diff - ORDERING.md 2>&1
}

copy="cp '$SOURCE/ORDERING.md' ."

tree_passes
catches '> planted' "$copy && echo planted >> ORDERING.md"
catches 'No such file' 'true'
catches '< | `planted`' "$copy && printf '/* ORDER[planted:A] first */\nint f(void)\n{\n}\n/* ORDER[planted:B] */\nint g(void)\n' > core/base/planted.c"
catches '< | `planted` | A class. |' "$copy && sed -i 's/^ \*   ORDER: init/ *   ORDER: planted  A class.\n&/' core/base/atomic.h"
