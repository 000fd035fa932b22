# SPDX-License-Identifier: GPL-2.0-or-later
# doc/expectations.md is what tests/expectations.sh prints.
. "$(dirname "$0")/../lib/harness/lint.sh"

check() {
	(SOURCE=$PWD sh "$SOURCE/tests/expectations.sh") | diff - doc/expectations.md 2>&1
}

copy="mkdir doc && cp '$SOURCE/doc/expectations.md' doc"

tree_passes
catches '> planted' "$copy && echo planted >> doc/expectations.md"
catches '< | planted |' "$copy && printf 'case planted\\n0 munmap 0+1\\n' >> tests/conform/expect/mmap.txt"
