# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing measured is lost: a signal ends a run with its table and an incomplete file; --resume measures the rest, also of a run
# that was killed.
. "$(dirname "$0")/../lib/harness/cli.sh"

measured='limit_lock limit_compute --threads 1 --repetitions 20 --min-time 0.02'

# begun SIGNAL ARGUMENT...: the program, and the signal once it has some repetitions. Its status is in $status.
begun() {
	signal=$1
	shift
	"$FAULTLINE" "$@" >out 2>err &
	pid=$!
	until [ "$(cat *.unfinished results/*/*/*.unfinished 2>/dev/null | wc -l)" -ge 6 ]; do
		kill -0 $pid 2>/dev/null || surprise 'the run ended before the signal'
		sleep 0.02
	done
	kill -$signal $pid
	wait $pid
	status=$?
}

repetitions() {
	grep -c '"run_type": "iteration"' "$1"
}

ends 0 bench $measured --out whole.json
all=$(repetitions whole.json)
refuses 'whole.json: is complete' bench --resume whole.json
refuses 'no.json: no results to resume' bench --resume no.json
refuses '--resume RUN is given alone' bench limit_lock --resume whole.json

begun TERM bench $measured
[ $status -eq 143 ] || surprise "SIGTERM: status $status"
grep -q '^limit_[a-z]* ' out || surprise 'no table'
shows 'They are incomplete: SIGTERM. To measure the rest: faultline bench --resume results/'
[ ! -e results/latest ] || surprise 'an incomplete run is the latest'
run=$(echo results/*/*)
grep -q '"incomplete": "SIGTERM"' "$run/bench.json" || surprise 'the file is not marked incomplete'
some=$(repetitions "$run/bench.json")
[ "$some" -ge 4 ] && [ "$some" -lt "$all" ] || surprise "$some of $all repetitions"
ends 0 report "$run" --table
ends 0 bench --resume "$run"
shows "$((all - some)) repetitions are left to measure."
[ "$(repetitions "$run/bench.json")" -eq "$all" ] || surprise 'not as many repetitions as were asked for'
grep -q incomplete "$run/bench.json" && surprise 'still incomplete'
[ "results/$(readlink results/latest)" = "$run" ] || surprise 'a complete run is not the latest'

begun KILL bench $measured --out killed.json
[ ! -e killed.json ] || surprise 'a file of a run that was killed'
some=$(($(wc -l <killed.json.unfinished) - 1))
ends 0 bench --resume killed.json
[ "$(repetitions killed.json)" -eq "$all" ] || surprise 'not as many repetitions as were asked for'
[ ! -e killed.json.unfinished ] || surprise 'the journal is left'

# A storm: what passed, the seed, and how to go on.
"$FAULTLINE" stress limit_lock fault_disjoint --axis pages:2048 --threads 2 --seconds 600 --seed 7 >out 2>err &
pid=$!
sleep 0.5
kill -TERM $pid
wait $pid
status=$?
[ $status -eq 143 ] || surprise "stress: status $status"
shows 'SIGTERM: 1 of 2 cases passed, the last one cut short; seed 7'
shows 'repeat with: faultline stress fault_disjoint'
