# SPDX-License-Identifier: GPL-2.0-or-later
# No line of the sources is wider than 120 columns, with tabs to every eighth: .clang-format has the same limit.
. "$(dirname "$0")/../lib/harness/lint.sh"

# Bytes are counted: what continues a character of UTF-8 is taken out before.
check() {
	{ sources core workloads bench tests examples; ls cmake/*.cmake; } | xargs awk '
	{
		gsub(/[\200-\277]/, "")
		if (length + 7 * gsub(/\t/, "\t") <= 120)
			next
		while ((at = index($0, "\t")))
			$0 = substr($0, 1, at - 1) substr("        ", 1, 8 - (at - 1) % 8) substr($0, at + 1)
		if (length > 120)
			print FILENAME ":" FNR ": " length " columns"
	}'
}

LC_ALL=C
export LC_ALL
tree_passes
catches 'planted.c:2: 121 columns' "{ echo; printf '\t%113s\n' x; } > core/base/planted.c"
catches 'planted.h:1: 130 columns' "printf '\t\t%114s\n' x > tests/lib/planted.h"
