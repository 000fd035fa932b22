#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Measures the power of `faultline compare` on this machine: N comparisons of the release build with itself, none of
# which may find a change, and N with itself slowed down by 2 %, which it must find within 30 s; 19 of 20 each are
# required. At most 30 s a comparison.
#
#   tests/compare.sh [N [FAULTLINE]]     N defaults to 20; ROUNDS, SECONDS_MOST, REPETITIONS, MIN_TIME, SLOW_DOWN,
#                                        WORKLOADS may be set
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
faultline=${2:-$source/build/release/faultline}
tries=${1:-20}
read -ra workloads <<<"${WORKLOADS:-fault_disjoint}"
choices=(--policy linux-6.15 --axis pages:2048 --threads "${THREADS:-1}" --payload 0
	--repetitions "${REPETITIONS:-10}" --min-time "${MIN_TIME:-0.005}")
most_seconds=${SECONDS_MOST:-30}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
. "$source/tests/lib/harness/in_turns.sh"

# right WANTED NAME [ARGUMENT-OF-AFTER...]: in how many of the tries the verdict matches the regular expression WANTED.
right() {
	local wanted=$1 name=$2 right=0 same=0 try verdict begun
	shift 2
	after_only=("$@")
	for ((try = 1; try <= tries; try++)); do
		begun=$SECONDS
		in_turns "${ROUNDS:-250}" "$folder/runs" "$faultline" "$faultline" "${workloads[@]}" "${choices[@]}"
		"$faultline" compare "$(side "$folder/runs" before)" "$(side "$folder/runs" after)" >"$folder/out" || (($? == 1 || $? == 3))
		verdict=$(tail -n 1 "$folder/out")
		if [[ $verdict =~ ^($wanted): ]]; then
			((++right))
		else
			cat "$folder/out"
		fi
		[[ $verdict != same:* ]] || ((++same))
		echo "$try of $tries, $name, $(ls "$folder/runs" | grep -c before.*json) rounds, $((SECONDS - begun)) s: $verdict"
	done
	echo "$name: $right of $tries right, $same of them the same"
	((right * 20 >= tries * 19)) || failed=1
}

failed=0
right 'same|cannot tell' "nothing changed"
right slower "slowed down by ${SLOW_DOWN:-2} %" --slow-down "${SLOW_DOWN:-2}"
exit $failed
