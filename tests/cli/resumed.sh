# SPDX-License-Identifier: GPL-2.0-or-later
# A run that is killed, resumed, killed again and resumed has all that was measured; so has one whose results did not
# fit on the disk.
. "$(dirname "$0")/../lib/harness/cli.sh"

measured='limit_lock limit_compute --threads 1 --repetitions 30 --min-time 0.02'

kept() { # FILE: repetitions in its journal
	cat "$1.unfinished" 2>/dev/null | grep -c '"run_type":"iteration"'
}

# killed_after REPETITIONS ARGUMENT...: once run.json's journal has so many
killed_after() {
	enough=$1
	shift
	"$FAULTLINE" bench "$@" >out 2>err &
	until [ "$(kept run.json)" -ge "$enough" ]; do
		kill -0 $! 2>/dev/null || surprise 'the run ended before the signal'
		sleep 0.02
	done
	kill -KILL $!
	wait $!
}

repetitions() {
	grep -c '"run_type": "iteration"' run.json
}

killed_after 6 $measured --out run.json
cp run.json.unfinished first
killed_after $(($(kept run.json) + 6)) --resume run.json
second=$(kept run.json)
grep '"run_type":"iteration"' first | head -n 6 >rows
while read -r row; do
	grep -qxF -- "$row" run.json.unfinished || surprise 'the second journal lacks repetitions of the first one'
done <rows
ends 0 bench --resume run.json
left=$(sed -n 's/ repetitions are left to measure\.$//p' out)
all=$(repetitions)
[ "$left" -le $((all - second + 1)) ] || surprise "$left of $all repetitions are left, though $second were there"
[ ! -e run.json.unfinished ] || surprise 'the journal is left'
for column in on_processor processor_got fairness items_per_second cpu_time real_time; do
	awk -v column="\"$column\":" '/"run_name"/ { rows += type; found += type && here; type = here = 0 }
		/"run_type": "iteration"/ { type = 1 } index($0, column) { here = 1 }
		END { exit rows + type != found + (type && here) }' run.json || surprise "resumed rows lack $column"
done
ends 0 bench $measured --out whole.json
[ "$(grep -c '"run_type": "iteration"' whole.json)" -eq "$all" ] || surprise 'not all repetitions, or some twice'

# The journal is smaller than the results: where these do not fit, it is kept.
rm run.json
bytes=$(wc -c <whole.json)
(
	ulimit -f $((bytes * 3 / 4 / 512))
	trap '' XFSZ
	"$FAULTLINE" bench $measured --out run.json >out 2>err
)
[ $? -eq 1 ] || surprise 'a full disk'
grep -q '^limit_lock ' out || surprise 'no table'
reports 'run.json: cannot be written: File too large'
reports 'run.json.unfinished has what was measured; to write it whole: faultline bench --resume run.json'
[ ! -e run.json ] || surprise 'half-written results'
ends 0 bench --resume run.json
shows '1 repetitions are left to measure.'
[ "$(repetitions)" -eq "$all" ] || surprise "$(repetitions) of $all repetitions"

# A link that a killed process left beside its name does not last.
mkdir results
ln -s gone results/latest.unfinished
ends 0 bench limit_lock --quick --threads 1
[ -e results/latest/bench.json ] && [ ! -h results/latest.unfinished ] || surprise 'the link is left'
