#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Shows what `faultline compare` is worth on this machine: N comparisons of the release build with itself, which must end in noise,
# and N with itself slowed down by 10 %, which must be found; 19 of 20 each are wanted. About a minute for each N.
#
#   tests/compare.sh [N [FAULTLINE]]     N defaults to 20; ROUNDS, REPETITIONS, MIN_TIME, SLOW_DOWN and WORKLOADS may be set
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
faultline=${2:-$source/build/release/faultline}
tries=${1:-20}
read -ra workloads <<<"${WORKLOADS:-fault_disjoint zap_populated gup_read fault_one_vma limit_pin limit_compute}"
choices=(--policy linux-6.15 --axis pages:2048 --axis batch:1 --threads 1,2 --payload 0 --repetitions "${REPETITIONS:-10}" --min-time "${MIN_TIME:-0.005}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
. "$source/tests/lib/in_turns.sh"

# right WANTED [ARGUMENT-OF-AFTER...]: how many of the tries end with that verdict.
right() {
	local wanted=$1 right=0 try verdict
	shift
	after_only=("$@")
	for ((try = 1; try <= tries; try++)); do
		in_turns "${ROUNDS:-10}" "$folder/runs" "$faultline" "$faultline" "${workloads[@]}" "${choices[@]}"
		"$faultline" compare "$(side "$folder/runs" before)" "$(side "$folder/runs" after)" >"$folder/out" || (($? == 1))
		verdict=$(tail -n 1 "$folder/out")
		if [[ $verdict == "$wanted":* ]]; then
			((++right))
		else
			cat "$folder/out"
		fi
		echo "$try of $tries, wanted $wanted: $verdict"
	done
	echo "$wanted: $right of $tries"
	((right * 20 >= tries * 19)) || failed=1
}

failed=0
right noise
right slower --slow-down "${SLOW_DOWN:-10}"
exit $failed
