#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints doc/expectations.md, from tests/conform/expect. Usage: sh tests/expectations.sh > doc/expectations.md
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$SOURCE" || exit 2

cat <<'END'
# Expectations

Printed by `tests/expectations.sh` from the files in `tests/conform/expect`, the one copy of each.

What a program may rely on, as the kernel's own tests and manual pages have it: short sequences of calls and accesses, each with
its results, the VMAs or the state of pages after it. `faultline conform --expect FILE...` runs them on the live kernel and on
the core. *Since* is the first version of Linux that an expectation is asked of. *Checks* are the results, VMAs and pages that
are compared on each side. Where the core differs, the table says why.
END
awk '
function end_case() {
	if (name != "")
		printf "| %s | %s | %d | %s |\n", name, since, checks, core
	total += name != ""
	name = since = ""
	checks = 0
	core = "agrees"
}
FNR == 1 {
	end_case()
	title = substr($0, 3)
	source = title
	sub(/\. Source: .*/, "", title)
	sub(/.*\. Source: /, "", source)
	sub(/\.$/, "", source)
	printf "\n## %s\n\nFile `%s`. Source: %s.\n\n| expectation | since | checks | core |\n|---|---|---|---|\n", title, FILENAME, source
	next
}
/^case / { end_case(); name = substr($0, 6) }
/^since / { since = $2 }
/^core differs: / { core = "differs: " substr($0, 15) }
/^([0-9]|vmas |pages )/ { checks++ }
END { end_case(); printf "\n%d expectations.\n", total }' tests/conform/expect/*.txt
