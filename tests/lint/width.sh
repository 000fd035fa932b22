# SPDX-License-Identifier: GPL-2.0-or-later
# No line of the sources is wider than 120 columns, with tabs to every eighth: .clang-format has the same limit.
. "$(dirname "$0")/../lib/harness/lint.sh"

# expand counts bytes, awk characters in a locale that has them: text in UTF-8 is as wide as it is long.
check() {
	{ sources core workloads bench tests examples; ls cmake/*.cmake; } | while read -r file; do
		sed 's/[\x80-\xbf]//g' "$file" | expand | awk -v file="$file" 'length > 120 { print file ":" FNR ": " length " columns" }'
	done
}

LC_ALL=C
export LC_ALL
tree_passes
catches 'planted.c:2: 121 columns' "{ echo; printf '\t%113s\n' x; } > core/base/planted.c"
catches 'planted.h:1: 130 columns' "printf '\t\t%114s\n' x > tests/lib/planted.h"
