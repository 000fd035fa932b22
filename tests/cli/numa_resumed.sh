# SPDX-License-Identifier: GPL-2.0-or-later
# Costs by node that a signal ended, or a kill, are measured to their end by --resume, out of what was measured.
. "$(dirname "$0")/../lib/harness/cli.sh"

export HWLOC_SYNTHETIC='node:2 core:2 pu:1'
measured='walk_dense --map both --payload 0 --axis pages:65536 --repetitions 12 --min-time 0.01'

kept() { # repetitions in the journal
	cat cells.json.unfinished 2>/dev/null | grep -c '"run_type":"iteration"'
}

# ended SIGNAL ENOUGH ARGUMENT...: by it, once the journal has so many repetitions; its status is in $status.
ended() {
	signal=$1 enough=$2
	shift 2
	"$FAULTLINE" numa "$@" >out 2>err &
	until [ "$(kept)" -ge "$enough" ]; do
		kill -0 $! 2>/dev/null || surprise 'the run ended before the signal'
		sleep 0.02
	done
	kill -$signal $!
	wait $!
	status=$?
}

left() {
	sed -n 's/ repetitions are left to measure\.$//p' out
}

whole() {
	grep -q '"incomplete"' cells.json && surprise 'still incomplete'
	grep -q '"benchmarks"' cells.json && surprise 'repetitions beside the cells of a complete run'
	[ "$(grep -c '"workload": "walk_dense"' cells.json)" -eq 4 ] || surprise 'not four cells'
	[ ! -e cells.json.unfinished ] || surprise 'the journal is left'
	refuses 'cells.json: is complete' numa --resume cells.json
}

ended TERM 6 $measured --out cells.json
[ $status -eq 143 ] || surprise "SIGTERM: status $status"
shows 'They are incomplete: SIGTERM. To measure the rest: faultline numa --resume cells.json'
grep -q '"incomplete": "SIGTERM"' cells.json || surprise 'the file is not marked incomplete'
[ ! -e cells.json.unfinished ] || surprise 'the journal is left'
some=$(grep -c '"run_type": "iteration"' cells.json)
[ "$some" -ge 6 ] && [ "$some" -lt 48 ] || surprise "$some of 48 repetitions"
ends 0 numa --resume cells.json
[ "$(left)" -eq $((48 - some)) ] || surprise "$(left) are left beside $some of 48"
whole

rm cells.json
ended KILL 6 $measured --out cells.json
[ ! -e cells.json ] || surprise 'a file of a run that was killed'
some=$(kept)
ended KILL $((some + 6)) --resume cells.json
some=$(kept)
ends 0 numa --resume cells.json
[ "$(left)" -le $((48 - some + 1)) ] || surprise "$(left) are left beside $some of 48"
whole
refuses '--resume RUN is given alone' numa walk_dense --resume cells.json
refuses 'no.json: no results to resume' numa --resume no.json
