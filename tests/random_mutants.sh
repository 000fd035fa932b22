#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes N small errors in core/, one at a time, drawn from SEED, and runs the fast checks that reach the function in an
# explore build until one fails: random_mutants.sh N SEED. The kinds of errors are in mutate.awk, and each has its share. Lists what survives, as
# a patch each, and ends with status 1 if less than 95 in 100 of those that change the program are killed. One with the
# same code changes nothing; a survivor that may change nothing by its form is "suspect", and does not count either.
# A run that was stopped goes on where it was, if neither the source nor the seed is another one.
set -u
nr=$1 seed=$2
. "$(dirname "$0")/lib/harness/mutant_tree.sh"
. "$source/tests/lib/harness/reach.sh"
log=$tree/build/log
build=$tree/build/explore
program=$build/faultline
# What measures and checks, which others look at.
measures='^core/(probe|oracle|base/(clock|event|histogram)|lock/(hold_time|lockstat|lockrank|shadow))'
kinds='drop weaken unlock lock swap check bound twice'

# ---- checks: each ends with status 0 if it sees nothing; what sees most for its time comes first ----
check_units() { # UNITS...
	regex=$(echo $* | tr ' ' '|' | sed 's/\./\\./g')
	timeout 600 ctest --test-dir "$build" -j "$(nproc)" --stop-on-failure --timeout 60 -R "^($regex)$" </dev/null
}

check_serial() {
	for workload in jumble gup_jumble pins_vs_all collapse_vs_gup swap_vs_fault hugetlb_vs_fork truncate_vs_fault; do
		timeout 60 "$program" stress $workload --serial --seconds 3 --no-shrink </dev/null || return 1
	done
}

# each SCENARIOS... -- COMMAND...: runs the command for each, named SCENARIO in it, one a core; until one fails.
each() {
	: >"$tree/build/names"
	while [ "$1" != -- ]; do
		echo "$1" >>"$tree/build/names"
		shift
	done
	shift
	xargs -r -P "$(nproc)" -I SCENARIO sh -c '"$@" </dev/null || exit 255' sh timeout 60 "$program" "$@" \
		<"$tree/build/names"
}

check_c11() { # SCENARIOS...
	each "$@" -- stress SCENARIO --serial --frames 2048 --episodes 60 --no-shrink --memory-order c11
}

check_scenarios() { # SCENARIOS...
	each "$@" -- explore SCENARIO --preemptions 2 --seconds 4
}

# Of the units in $reach_units, those that have its name, and some that include its header.
own_units() { # FILE
	{ find tests/unit -name "$(basename "${1%.*}")*.c" | sort; grep -rl "\"${1%.*}\.h\"" tests/unit | sort; } |
		sed 's|.*/\(.*\)\.c$|unit.\1\nunit.\1.4|' | awk '!seen[$0]++' | grep -Fx "$reach_units" | head -n 8
}

# Those that reach the place; all, where that is not in a function.
choose_checks() { # FILE LINE
	name=$(function_at "$1" "$2")
	reach_units=$targets reach_scenarios=$scenarios
	if [ -n "$name" ]; then
		reach_units=$(that_reach unit "$name")
		reach_scenarios=$(that_reach scenario "$name")
	fi
	own=$(own_units "$1")
}

# WHY: what is suspect gets the fastest ones alone.
# shellcheck disable=SC2086
first_to_fail() { # [WHY]
	for unit in $own; do
		check_units $unit >"$log" 2>&1 || { echo "$unit"; return; }
	done
	check_c11 $reach_scenarios >"$log" 2>&1 || { echo c11; return; }
	[ -z "${1-}" ] || return
	if [ -n "$reach_units" ]; then
		build $reach_units && check_units $reach_units >"$log" 2>&1 || { echo units; return; }
	fi
	check_serial >"$log" 2>&1 || { echo serial; return; }
	check_scenarios $reach_scenarios >"$log" 2>&1 || { echo scenarios; return; }
}

# ---- mutants ----
build() { # TARGETS...
	# shellcheck disable=SC2086
	cmake --build "$build" --target faultline time_limit $* >"$log" 2>&1
}

# What the program does, without its debugging information.
code() {
	objcopy -O binary -j .text -j .rodata -j .data -j .data.rel.ro "$program" build/code || exit 1
	sha256sum <build/code
}

places() { # KIND
	find core -name '*.[ch]' | grep -vE "$measures" | sort | while read -r file; do
		awk -f tests/mutate.awk "$file" | sed -n "s|^\(.*:$1\)$|$file \1|p"
	done | shuf --random-source="$tree/build/random"
}

# Their kinds take turns.
draw() {
	yes "$seed" | head -c 1000000 >build/random
	for kind in $kinds; do
		places "$kind" | awk -v kind="$kind" '{ print NR, kind, $0 }'
	done | sort -n -s -k1,1 | cut -d' ' -f3-
}

# A line of build/verdicts for each of build/drawn.
say() { # VERDICT FILE PLACE
	printf '%-10s %-36s %s\n' "$@" | tee -a build/verdicts
}

count() { # VERDICT
	grep -c "^$1" build/verdicts
}

judge() { # FILE PLACE
	begin=$(date +%s)
	why=$(awk -v doubt="$2" -f tests/mutate.awk build/whole)
	choose_checks "$1" "${2%%:*}"
	if ! build ''; then
		say unbuilt "$@"
	elif [ "$(code)" = "$whole" ]; then
		say 'same code' "$@"
	elif ! build "$own"; then
		say unbuilt "$@"
	else
		failing=$(first_to_fail "$why")
		if [ -n "$failing" ]; then
			say killed "$1" "$2 by $failing, $(($(date +%s) - begin)) s"
		else
			diff -u "$source/$1" "$1" >"build/survivors/$(basename "$1")-$2.patch"
			say "$([ -n "$why" ] && echo suspect || echo SURVIVED)" "$1" "$2${why:+: $why}"
		fi
	fi
}

whole_source() {
	find CMakeLists.txt cmake core bench workloads tests -type f | sort | xargs sha256sum | sha256sum
}

prepare() {
	# shellcheck disable=SC2086
	list_reached $targets
	own='' reach_units=$targets reach_scenarios=$scenarios
	failing=$(first_to_fail)
	[ -z "$failing" ] || { echo "mutants: $failing fails with nothing broken"; cat "$log"; exit 1; }
	draw >build/drawn
	rm -rf build/survivors
	mkdir build/survivors
	: >build/verdicts
	echo "$run" >build/run
}

copy_tree
cmake --preset explore --log-level=WARNING >"$log" 2>&1 || { cat "$log"; exit 1; }
units='^unit\.([a-z_]+|[a-z_0-9]+\.4)$'
slow='^unit\.(workloads|memory_order|hardware|live.*)$'	# not about core/, or run by other checks
targets=$(ctest --test-dir "$build" -N -R "$units" -E "$slow" | sed -n 's/^ *Test *#[0-9]*: //p' | sort -u)
build "$targets" || { cat "$log"; exit 1; }
scenarios=$("$program" explore --list | awk '{ print $1 }')
whole=$(code)
run="seed $seed of $(whole_source)"
[ -f build/run ] && [ "$(cat build/run)" = "$run" ] || prepare

cat build/verdicts
while [ $(($(wc -l <build/verdicts) - $(count unbuilt))) -lt "$nr" ]; do
	place=$(sed -n "$(($(wc -l <build/verdicts) + 1))p" build/drawn)
	[ -n "$place" ] || break
	file=${place% *} place=${place#* }
	cp -p "$file" build/whole
	awk -v at="$place" -f tests/mutate.awk build/whole >"$file"
	judge "$file" "$place"
	cp build/whole "$file"
done

killed=$(count killed) survived=$(count SURVIVED)
echo "$killed of $((killed + survived)) killed, $survived survived; $(count suspect) suspect, $(count 'same code') with the same code; seed $seed"
for patch in build/survivors/*.patch; do
	[ ! -f "$patch" ] || { echo; cat "$patch"; }
done
[ $((killed * 100)) -ge $(((killed + survived) * 95)) ]
