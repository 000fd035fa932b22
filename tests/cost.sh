#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Shows that checks and instruments cost a release build nothing: its instructions for walks and faults, counted by
# callgrind, are the same as those of a build from which every check, sync point, knock-out and instrument was taken out
# of the source. Two more, in which each sync point, or each lock's release as the instruments see it, is eight
# instructions, must differ: one is as many as another choice of registers may save.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
trees=$source/build/cost

# What builds with checks or instruments call and others compile to nothing, wherever it is a statement.
statements='SYNCPOINT|SCHEDULE_STEP|entry_changes|entry_replaced|tlb_check_\w+|ASSERT|ASSERT_SLOW|poison|rmap_check|page_life_ends|rwsem_assert_may_sleep
	|life_(begins|ends)|vma_(reader|writers?)_(enter|leave|never)
	|lock_(wanted|acquired|released|downgraded)|lockstat_(acquired|released|counted|wait_begin)|OPERATION
	|probe_word_init|shadow_\w+|object_(linked|unlinked|freed|reused|seen)|assert_linked|page_accessed|frames_(begin|end)
	|lock_notify_\w+|entry_assert_locked|lockrank_(wait_begin|wait_end|assert_\w+)'

copy() { # TREE, built anew: what was taken out of it before is there again, and what the source has no more is gone
	mkdir -p "$trees/$1"
	rm -rf "${trees:?}/$1"/{core,bench,workloads}
	(cd "$source" && tar cf - CMakeLists.txt CMakePresets.json cmake core bench workloads) | tar xmf - -C "$trees/$1"
}

take_out() { # FILE: preprocessor blocks, then statements, then conditions
	unifdef -m -B -DFAULTLINE_CHECK=0 -DFAULTLINE_PROFILE=0 "$1" || (($? == 1))
	perl -0pi -e "s/^(\\h*)(?:$statements)(\\((?:[^()]++|(?-1))*\\));/\$1;/xmg; s/\\bKNOCKED_OUT\\(\\w+\\)/false/g" "$1"
}

build() { # TREE
	(cd "$trees/$1" && cmake --preset release --log-level=WARNING -DCMAKE_C_FLAGS="-w ${CMAKE_C_FLAGS:-}" >/dev/null &&
		cmake --build --preset release --target faultline >build/log || { cat build/log; exit 1; })
}

# Instructions of the core's own code below FUNCTION, and of what it has inlined of liburcu, since to whose line an
# instruction between the two belongs is chance; those of liburcu's own functions depend on what its other threads do.
count_once() ( # TREE FUNCTION WORKLOAD AXIS
	cd "$trees/$1"
	setarch -R valgrind -q --tool=callgrind --toggle-collect="$2" --callgrind-out-file=build/callgrind \
		build/release/faultline stress "$3" --axis "$4" --threads 1 --rounds 2 --payload 0 >build/log 2>&1 ||
		{ cat build/log >&2; exit 1; }
	callgrind_annotate --show-percs=no --threshold=100 build/callgrind 2>/dev/null |
		awk '$2 ~ /^(core|workloads)\/|\/urcu\/static\// { gsub(",", "", $1); sum += $1 } END { print sum + 0 }'
)

# Each number that ten runs come to, ascending: the timing of callbacks may add a refill of a frame list, or a report of a
# grace period.
instructions() { # as count_once
	for _ in {1..10}; do
		count_once "$@"
	done | sort -nu
}

# The first number that is on both lists, or the first one of the first list, and false. What the source costs moves all.
in_both() {
	awk 'NR == FNR { seen[$1] = 1; next } $1 in seen { print; found = 1; exit } END { exit !found }' \
		<(echo "$2") <(echo "$1") || { head -n 1 <<<"$1"; return 1; }
}

for tree in with without broken timed; do
	copy $tree
done
while IFS= read -r file; do
	take_out "$file"
done < <(find "$trees/without/core" -name '*.[ch]' ! -path '*/base/assert.h' ! -path '*/base/compiler.h' ! -path '*/probe/syncpoint.*' ! -path '*/probe/knockout.*')
sed -i 's|^#define SYNCPOINT(text)	do { } while (0)|#define SYNCPOINT(text)	__asm__ __volatile__(".rept 8; nop; .endr")|' \
	"$trees/broken/core/probe/syncpoint.h"
sed -i 's|^static force_inline void lockstat_released(.*{ (void)lock; }|#define lockstat_released(lock) __asm__ __volatile__(".rept 8; nop; .endr")|' \
	"$trees/timed/core/lock/lockstat.h"
for tree in with without broken timed; do
	echo "building: $tree"
	build $tree
done

wrong=0
while read -r function workload axis; do
	with=$(instructions with "$function" "$workload" "$axis")
	without=$(instructions without "$function" "$workload" "$axis")
	broken=$(instructions broken "$function" "$workload" "$axis" | head -n 1)
	timed=$(instructions timed "$function" "$workload" "$axis" | head -n 1)
	verdict=same
	with=$(in_both "$with" "$without") || verdict="NOT THE SAME"
	without=$(in_both "$without" "$with") || true
	((with > 0)) || verdict="NOT THE SAME"
	((broken > without && timed > without)) || verdict="$verdict, AND BLIND"
	[[ $verdict == same ]] || wrong=1
	printf '%-16s %-12s all in the source: %9d instructions, taken out: %9d, sync points made to cost: %9d, instruments: %9d: %s\n' \
		"$workload" "$axis" "$with" "$without" "$broken" "$timed" "$verdict"
done <<'LIST'
count_region walk_dense pages:65536
count_region walk_tables pages:65536
do_user_addr_fault fault_disjoint pages:2048
do_user_addr_fault cow_after_fork pages:2048
LIST
exit $wrong
