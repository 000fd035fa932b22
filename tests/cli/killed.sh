# SPDX-License-Identifier: GPL-2.0-or-later
# bench, report and compare are killed at random moments: the latest run and the baseline stay readable, and nothing half-written
# is believed. KILLS=200 kills more often.
. "$(dirname "$0")/../lib/harness/cli.sh"

measured='limit_lock fault_disjoint --axis pages:2048 --threads 1 -p linux-6.15 --payload 0 --repetitions 3 --min-time 0.01'

# Moments from 0 to 0.5 s, drawn again each time.
moment() {
	awk -v seed="$1" 'BEGIN { srand(seed); printf "%.3f", rand() / 2 }'
}

killed_at() { # SECONDS ARGUMENT...
	after=$1
	shift
	"$FAULTLINE" "$@" >out 2>err &
	pid=$!
	sleep "$after"
	kill -KILL $pid 2>/dev/null
	wait $pid
}

# Every file by its final name is whole, and both links name a run that is complete.
all_is_well() {
	for file in results/*/*/*.json; do
		[ ! -e "$file" ] || "$FAULTLINE" report "$(dirname "$file")" --table >out 2>err || surprise "killed $1: $file cannot be read"
	done
	for link in results/latest results/*/baseline; do
		"$FAULTLINE" report "$link" --table >out 2>err || surprise "killed $1: $link cannot be read"
		! grep -q '"incomplete"' "$link/bench.json" || surprise "killed $1: $link is incomplete"
	done
	for page in results/*/*/report.html; do
		[ ! -e "$page" ] || tail -n 1 "$page" | grep -q '</html>' || surprise "killed $1: half a page"
	done
}

ends 0 bench $measured --baseline
for kill in $(seq "${KILLS:-12}"); do
	case $((kill % 3)) in
	0) killed_at "$(moment $kill)" report results/latest ;;
	1) killed_at "$(moment $kill)" bench $measured --baseline ;;
	2) killed_at "$(moment $kill)" compare results/latest ;;
	esac
	all_is_well $kill
done

# The next ones are not hindered by what is left.
ends 0 bench $measured
ends 0 report results/latest
