#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints each row of tests/rows.txt with the tests that show it: those that say so in a line "Row: NAME." above them.
cd "$(dirname "$0")/.." || exit 1

# ROW FILE:FUNCTION of each test that names one; a script's test is the file.
claims() {
	find tests -name '*.c' -o -name '*.sh' ! -name 'rows.sh' | sort | xargs awk '
	FNR == 1 { split("", rows); n = 0 }
	function say(test) { for (i = 1; i <= n; i++) print rows[i], test; n = 0 }
	/^(\/\*| \*|#).*Rows?: [A-Z][0-9]/ {
		text = $0
		while (match(text, /Rows?: /)) {
			text = substr(text, RSTART + RLENGTH)
			while (match(text, /^[A-Z][0-9]+/)) {
				rows[++n] = substr(text, 1, RLENGTH)
				text = substr(text, RLENGTH + 1)
				sub(/^, */, "", text)
			}
		}
		if (FILENAME ~ /\.sh$/) say(FILENAME)
		next
	}
	n && /^static void [a-z0-9_]+\(void \*\*state\)/ { name = $3; sub(/\(.*/, "", name); say(FILENAME ":" name) }'
}

claims | awk '
	NR == FNR { tests[$1] = tests[$1] "\n\t" $2; next }
	/^#/ || !NF { next }
	{ row = $1; print $0 (row in tests ? tests[row] : "\n\tNO TEST"); delete tests[row] }
	END { for (row in tests) print row " is no row:" tests[row] }' - tests/rows.txt
