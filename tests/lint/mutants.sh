# SPDX-License-Identifier: GPL-2.0-or-later
# Each line of tests/mutants.txt still breaks something: its row and its test exist, and its command changes its file.
. "$(dirname "$0")/../lib/harness/lint.sh"

tab=$(printf '\t')

check() {
	grep -v '^#' tests/mutants.txt | while IFS=$tab read -r row test file command; do
		grep -q "^$row$tab" tests/rows.txt || echo "$row: no such row"
		case $test in
		unit.*.[245]) stem=unit/geometry/${test#unit.} stem=${stem%.*} ;;
		*) stem=$(echo "$test" | sed 's/\./\//') ;;
		esac
		[ -f "tests/$stem.c" ] || echo "$row: no such test: $test"
		[ -f "$file" ] || { echo "$row: no such file: $file"; continue; }
		! sed "$command" "$file" | cmp -s - "$file" || echo "$row: breaks nothing in $file: $command"
	done
}

plant() { # ROW TEST FILE COMMAND
	echo "printf '%s\t%s\t%s\t%s\n' '$1' '$2' '$3' '$4' >> tests/mutants.txt"
}

tree_passes
catches 'X1: no such row' "$(plant X1 unit.rmap core/mm/rmap.c s/folio//)"
catches 'W1: no such test: unit.gone' "$(plant W1 unit.gone core/mm/rmap.c s/folio//)"
catches 'W1: no such file: core/gone.c' "$(plant W1 unit.rmap core/gone.c s/folio//)"
catches 'W1: breaks nothing' "$(plant W1 unit.rmap core/mm/rmap.c s/gone//)"
