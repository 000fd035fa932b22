#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Breaks each rule of tests/mutants.txt in a copy of the tree and runs the test that must fail then: mutants.sh [ROW...]
set -u
. "$(dirname "$0")/lib/harness/mutant_tree.sh"
log=$tree/build/log
tab=$(printf '\t')

# The mutants asked for, or all.
chosen() {
	grep -v '^#' "$source/tests/mutants.txt" | while IFS=$tab read -r row test file command; do
		case " $* " in
		"  " | *" $row "*) printf '%s\t%s\t%s\t%s\n' "$row" "$test" "$file" "$command" ;;
		esac
	done
}

passes() { # TEST: 0 passes, 1 fails, 2 was not built
	ninja -C "$tree/build/check" "$1" >"$log" 2>&1 || return 2
	timeout 300 "$tree/build/check/tests/$1" >"$log" 2>&1 </dev/null || return 1
}

say() { # ROW TEST VERDICT FILE
	printf '%-4s %-26s %-12s %s\n' "$@"
}

copy_tree
cmake --preset check --log-level=WARNING >"$log" 2>&1 || { cat "$log"; exit 1; }
chosen "$@" >build/chosen
[ -s build/chosen ] || { echo "mutants: none of $*" >&2; exit 2; }
for test in $(cut -f2 build/chosen | sort -u); do
	passes "$test" || { echo "$test does not pass with nothing broken"; cat "$log"; exit 1; }
done

survivors=0
while IFS=$tab read -r row test file command; do
	cp -p "$file" build/whole
	sed -i "$command" "$file"
	passes "$test"
	case $? in
	0) say "$row" "$test" "NOT NOTICED" "$file"; survivors=$((survivors + 1)) ;;
	1) say "$row" "$test" noticed "$file" ;;
	*) say "$row" "$test" "NOT BUILT" "$file"; cat "$log"; survivors=$((survivors + 1)) ;;
	esac
	cp build/whole "$file"
done <build/chosen
[ $survivors -eq 0 ]
