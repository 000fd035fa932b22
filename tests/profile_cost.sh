#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The cost of instruments: faults with and without them, in turns; the median of the ratios of pairs is the result.
# Another load on the machine, or processors that come and go, are in single ratios, and half of them in the median.
set -euo pipefail
program=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/release/faultline
rounds=${1:-25} seconds=${2:-0.3} workload=${3:-fault_disjoint} axis=${4:-pages:2048}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

rate() { # THREADS [OPTION]: items per second
	"$program" profile "$workload" --policy linux-6.15 --axis "$axis" --threads "$1" --seconds "$seconds" --out "$scratch/profile.json" "${@:2}" >/dev/null
	grep -oE '"(seconds|items)": [0-9.e+]+' "$scratch/profile.json" | awk -F': ' '
		{ value[$1] = $2 }
		END { if (!value["\"items\""]) exit 1; print value["\"items\""] / value["\"seconds\""] }'
}

for threads in 1 "$(nproc)"; do
	for ((i = 0; i < rounds; i++)); do
		# Now the one first, now the other: what drifts hits both.
		if ((i % 2)); then
			bare=$(rate "$threads" --bare) with=$(rate "$threads")
		else
			with=$(rate "$threads") bare=$(rate "$threads" --bare)
		fi
		awk "BEGIN { print $bare / $with }"
	done | sort -g | awk -v what="$workload, $axis, threads $threads" '
		{ ratio[NR] = $1 }
		END {
			printf "%s: with instruments each takes %.3f times as long (median of %d pairs; half of them from %.3f to %.3f)\n", what,
				(ratio[int((NR + 1) / 2)] + ratio[int(NR / 2) + 1]) / 2, NR, ratio[int(NR / 4) + 1], ratio[int(NR * 3 / 4) + (NR % 4 > 0)]
		}'
done
