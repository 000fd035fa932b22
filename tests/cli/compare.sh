# SPDX-License-Identifier: GPL-2.0-or-later
# Comparing: changed, the same or cannot tell, with the exit status that scripts need; controls; sides of several
# runs; the baseline.
. "$(dirname "$0")/../lib/harness/cli.sh"

# results CORE CONTROL [SCHEMA]: a benchmark that is always there, one that is CORE times 1000, a control at CONTROL
# times 1000.
results() {
	echo "{ \"context\": { \"faultline_schema\": \"${3:-1}\" }, \"benchmarks\": ["
	for name in fault:1000 zap:$1 limit_lock:$2; do
		for rate in 1000 1010 990 1005 995; do
			echo "$before{ \"run_name\": \"${name%:*}/threads:2\", \"run_type\": \"iteration\", \"fairness\": 0.5,"
			echo "\"items_per_second\": $((rate * ${name#*:})) }"
			before=,
		done
	done
	before=
	echo '] }'
}

results 1000 1000 >usual.json
results 900 1000 >slower.json
results 1100 1000 >faster.json
results 1100 850 >drifted.json

ends 0 compare usual.json usual.json --threshold 5
[ "$(tail -n 1 out)" = 'same: all of 2 benchmarks are within their thresholds' ] || surprise 'a file differs from itself'
shows 'Geometric mean of the ratios of 2 benchmarks: 1.0000.'
ends 3 compare usual.json usual.json --threshold 0
tail -n 1 out | grep -q '^cannot tell: 2 of 2 ' || surprise 'a threshold of 0 below the noise floor does not end in "cannot tell"'
ends 1 compare usual.json slower.json --threshold 5
grep -Eq '^zap/threads:2 +real +1\.0000 M +900\.00 k +0\.9000 +0\.8[89][0-9] … 0\.9[01][0-9] +[0-9.e-]+ +5\.0%  slower$' out ||
	surprise 'the line of the slower benchmark differs'
grep -Eq '^fault/threads:2 .* same$' out || surprise 'another benchmark is slower too'
grep -Eq '^limit_lock/threads:2 .* control$' out || surprise 'no line of the control'
tail -n 1 out | grep -q '^slower: 1 of 2 benchmarks are slower, 0 faster; the largest change: zap/threads:2 by 11\.1 %$' || surprise 'the verdict differs'
ends 1 compare usual.json faster.json --threshold 5
tail -n 1 out | grep -q '^faster: 0 of 2 benchmarks are slower, 1 faster; the largest change: zap/threads:2 by 10\.0 %$' || surprise 'the verdict differs'

# What is asked for, and what the machine does by itself, counts for nothing.
ends 0 compare usual.json slower.json --threshold 15
tail -n 1 out | grep -q '^same: ' || surprise 'a change below the threshold'
ends 0 compare usual.json drifted.json
tail -n 1 out | grep -q '^same: ' || surprise 'a change within the drift of the controls counts'

# Several runs on a side are one sample each, from three on.
ends 1 compare usual.json,usual.json,usual.json slower.json,slower.json,slower.json
ends 3 compare usual.json,slower.json,usual.json slower.json,usual.json,slower.json
tail -n 1 out | grep -q '^cannot tell: ' || surprise 'runs that differ within a side do not end in "cannot tell"'

# Folders of runs, and the baseline of this host.
refuses 'no baseline of this host yet' compare usual.json
refuses 'and --quick makes none' bench limit_lock --quick --baseline
ends 0 bench limit_lock rmap_vs_fork --quick --threads 2
refuses 'no baseline of this host yet' compare usual.json
grep -q '"marks": ' results/latest/bench.json || surprise 'the smoke run has no mark'
ends 0 bench limit_lock rmap_vs_fork --policy linux-6.15 --axis pages:2048 --threads 2 --min-time 0.002 --repetitions 3 --baseline
"$FAULTLINE" compare results/latest >out 2>err
case $? in 0 | 3) ;; *) surprise 'the baseline differs from itself' ;; esac
grep -Eq '^rmap_vs_fork/' out || surprise 'the baseline is not compared with'
grep -q '"noise_floor": ' results/latest/bench.json || surprise 'the noise floor is not kept'

# A slow-down on purpose stands in the results, and so does how fair threads were to each other.
ends 0 bench rmap_vs_fork limit_lock --threads 2 --policy linux-6.15 --repetitions 4 --min-time 0.002 --slow-down 400 --out slowed.json
grep -q '"slow_down_percent": "400"' slowed.json || surprise 'the slow-down is not in the results'
grep -q '"fairness": ' slowed.json || surprise 'no fairness'

# Two processes that measure in turns, each all of it; the first one waits, and a place that cannot be is an error.
measured='limit_lock rmap_vs_fork --threads 2 --policy linux-6.15 --repetitions 3 --min-time 0.002 --alternate meeting'
"$FAULTLINE" bench $measured --out one.json >one.out 2>&1 &
ends 0 bench $measured --out other.json
wait $! || { cat one.out; surprise 'the other one failed'; }
for file in one.json other.json; do
	[ "$(grep -c '"run_type": "iteration"' $file)" -eq "$(($(grep -c '_mean"' $file) * 3))" ] || surprise "$file: not three repetitions each"
done
[ ! -e meeting ] || surprise 'the socket is left behind'
# On a machine without a processor to spare its rows are starved, and compare excludes them.
"$FAULTLINE" compare one.json,one.json,one.json one.json,one.json,one.json >out 2>err
case $? in 0 | 3) ;; *) surprise 'a difference of a run to itself' ;; esac
shows 'and what the controls with as many threads'
ends 2 bench $measured --out third.json --alternate no/such/place
reports '--alternate: no/such/place: No such file or directory'

# A partner that holds its turns is waited for each time; one that gives away a turn too many is not.
with_partner() { # HASTE
	"$PLANTED_TURNS" meeting $1 >turns &
	until [ -S meeting ]; do sleep 0.01; done
	ends 0 bench $measured --out held.json
	wait $!
}
with_partner || surprise "the partner was not waited for: $(cat turns)"
with_partner hasty && surprise 'a partner that takes a turn too many is not detected'

# Other differences between the sides, or within one, are reported, and so are the marks of rows.
sed 's/"context": {/&"kernel": "Linux 6.1", "compiler": "gcc", "commit": "a", "policy:p": "spin=ttas",/' usual.json >here.json
sed 's/"context": {/&"kernel": "Linux 6.2", "compiler": "gcc", "commit": "b", "policy:p": "spin=queued",/' usual.json >there.json
ends 0 compare here.json there.json --threshold 5
shows 'warning: kernel differs between the sides: "Linux 6.1", "Linux 6.2"'
shows 'warning: policy:p differs between the sides: "spin=ttas", "spin=queued"'
grep -q 'warning: co' out && surprise 'a warning about equal facts, or about the commits that are compared'
ends 0 compare here.json,here.json,here.json here.json,there.json,here.json --threshold 5
shows 'warning: commit differs within the side after: "a", "b"'
sed 's/^{ "context"/{ "incomplete": "SIGTERM", "context"/' usual.json >partial.json
ends 0 compare usual.json partial.json --threshold 5
shows 'warning: incomplete: run 1 of 1 after: SIGTERM'
[ "$(grep -c incomplete out)" -eq 1 ] || surprise 'a complete run is called incomplete'
sed 's/"fairness": 0.5,/& "processor_got": 0.5,/' slower.json >starved.json
ends 3 compare usual.json starved.json
shows 'excluded: starved'
sed 's/"context": {/&"quick": "1",/' usual.json >quick.json
refuses 'quick.json: made by --quick' compare usual.json quick.json

# Rates of one thread are those of processor time: half of it, with half of the rate, is the same.
sed 's/threads:2/threads:1/; s/"fairness": 0.5,/& "on_processor": 1, /' usual.json >alone.json
results 500 500 | sed 's/threads:2/threads:1/; s/"fairness": 0.5,/& "on_processor": 0.5, /' >half.json
ends 1 compare alone.json half.json --threshold 5
grep -Eq '^zap/threads:1 +cpu +1\.0000 M +1\.0000 M +1\.0000 .* same$' out || surprise 'rates that are not of processor time'

sed 's/zap/other/; s/fault/third/' usual.json >other.json
refuses 'no benchmark is on both sides' compare usual.json other.json
results 1000 1000 2 >newer.json
refuses 'newer.json: results of another version' compare usual.json newer.json
refuses "invalid threshold 'x'" compare usual.json usual.json --threshold x
refuses "invalid slow-down '-1'" bench limit_lock --slow-down -1
refuses 'one side, or two' compare
refuses 'one side, or two' compare usual.json usual.json usual.json
refuses 'nowhere.json: No such file' compare usual.json usual.json,nowhere.json
refuses '2 runs before and 1 after' compare usual.json,usual.json usual.json
refuses "',' names no results" compare , usual.json
