# SPDX-License-Identifier: GPL-2.0-or-later
# LOCKING.md is what the program prints.
. "$(dirname "$0")/../lib/harness/lint.sh"
: "${FAULTLINE:?the program to ask}"

check() {
	"$FAULTLINE" list --locking | diff - LOCKING.md 2>&1
}

tree_passes
catches '> planted' "cp '$SOURCE/LOCKING.md' . && echo planted >> LOCKING.md"
catches 'No such file' 'true'
