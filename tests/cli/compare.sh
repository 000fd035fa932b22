# SPDX-License-Identifier: GPL-2.0-or-later
# Comparing: faster, slower or noise, with the exit status that scripts need; controls; sides of several runs; the baseline.
. "$(dirname "$0")/../lib/cli.sh"

# results CORE CONTROL [SCHEMA]: a benchmark that is always there, one that is CORE times 1000, a control at CONTROL times 1000.
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

ends 0 compare usual.json usual.json
[ "$(tail -n 1 out)" = 'noise: none of 2 benchmarks changed' ] || surprise 'a difference to itself'
ends 1 compare usual.json slower.json
grep -Eq '^zap/threads:2 +1\.00 M +900 k +0\.900 +0\.8[89][0-9] … 0\.9[01][0-9] +[0-9.e-]+ +5\.0%  slower$' out ||
	surprise 'another line for what got slower'
grep -Eq '^fault/threads:2 .* noise$' out || surprise 'more than that got slower'
grep -Eq '^limit_lock/threads:2 .* control$' out || surprise 'no control'
tail -n 1 out | grep -q '^slower: 1 of 2 benchmarks are slower, 0 faster; the farthest zap/threads:2 by 11\.1 %$' || surprise 'another verdict'
ends 0 compare usual.json faster.json
tail -n 1 out | grep -q '^faster: 0 of 2 benchmarks are slower, 1 faster; the farthest zap/threads:2 by 10\.0 %$' || surprise 'another verdict'

# What is asked for, and what the machine does by itself, counts for nothing.
ends 0 compare usual.json slower.json --threshold 15
tail -n 1 out | grep -q '^noise: ' || surprise 'a change below the threshold'
ends 0 compare usual.json drifted.json
tail -n 1 out | grep -q '^noise: ' || surprise 'the controls went farther, and nobody cares'

# Several runs on a side are one sample each, from three on.
ends 1 compare usual.json,usual.json,usual.json slower.json,slower.json,slower.json
ends 0 compare usual.json,slower.json,usual.json slower.json,usual.json,slower.json
tail -n 1 out | grep -q '^noise: ' || surprise 'runs that disagree among themselves'

# Folders of runs, and the baseline of this host.
refuses 'no baseline of this host yet' compare usual.json
ends 0 bench limit_lock rmap_vs_fork --quick --threads 2 --baseline
ends 0 compare results/latest results/latest
ends 0 compare results/latest
grep -Eq '^rmap_vs_fork/.* noise$' out || surprise 'the baseline differs from itself'
grep -q '"noise_floor": ' results/latest/bench.json || surprise 'the noise floor is not kept'

# A slow-down on purpose stands in the results, and so does how fair threads were to each other.
ends 0 bench rmap_vs_fork limit_lock --threads 2 --policy linux-6.15 --repetitions 4 --min-time 0.002 --slow-down 400 --out slowed.json
grep -q '"slow_down_percent": "400"' slowed.json || surprise 'the slow-down is not told'
grep -q '"fairness": ' slowed.json || surprise 'no fairness'

# Two processes that measure in turns, each all of it; who comes alone is told where nobody can be met.
measured='limit_lock rmap_vs_fork --threads 2 --policy linux-6.15 --repetitions 3 --min-time 0.002 --alternate meeting'
"$FAULTLINE" bench $measured --out one.json >one.out 2>&1 &
ends 0 bench $measured --out other.json
wait $! || { cat one.out; surprise 'the other one failed'; }
for file in one.json other.json; do
	[ "$(grep -c '"run_type": "iteration"' $file)" -eq "$(($(grep -c '_mean"' $file) * 3))" ] || surprise "$file: not three repetitions each"
done
[ ! -e meeting ] || surprise 'the meeting place is left behind'
ends 0 compare one.json,one.json,one.json one.json,one.json,one.json
shows 'and what the controls with as many threads shifted by.'
ends 2 bench $measured --out third.json --alternate no/such/place
tells '--alternate: no/such/place: No such file or directory'

# A partner that holds its turns is waited for each time; one that gives away a turn too many is not.
with_partner() { # HASTE
	"$PLANTED_TURNS" meeting $1 >turns &
	until [ -S meeting ]; do sleep 0.01; done
	ends 0 bench $measured --out held.json
	wait $!
}
with_partner || surprise "the partner was not waited for: $(cat turns)"
with_partner hasty && surprise 'turns of a hasty partner, and nobody sees it'

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
