# SPDX-License-Identifier: GPL-2.0-or-later
# Measuring: every benchmark that is listed is in the results, with a rate for each repetition, their statistics, and
# the circumstances; names contain what was chosen.
# Row: M3.
. "$(dirname "$0")/../lib/harness/cli.sh"

# A limit, which knows no policies, and one with everything that can be chosen.
workloads='limit_lock fault_disjoint'
brief="--repetitions 3 --min-time 0.001 --threads 1,2 --policy linux-2.6.14,linux-6.15,spin=ttas"

# The default suite: every workload, every preset, one and all PUs.
ends 0 bench --list
for workload in $("$FAULTLINE" list | cut -d' ' -f1); do
	shows "$workload/"
done
for policy in linux-2.6.14 linux-2.6.15 linux-3.13 linux-6.4 linux-6.15; do
	shows "/policy:$policy/"
done
grep -q '^li[a-z]*_.*/policy:' out && surprise 'a policy in the name of a workload that has none'
grep -qv '/threads:[0-9]*$' out && surprise 'a name without threads'
[ -z "$(sort out | uniq -d)" ] || surprise 'a benchmark twice'

ends 0 bench $workloads $brief --list
cp out listed
ends 0 bench $workloads $brief --seed 7 --out results.json
cp out table
[ ! -e results.json.unfinished ] || surprise 'a temporary file left behind'
[ ! -e results ] || surprise 'a results folder beside --out'

awk '
function value(line) {
	sub(/^[^:]*: */, "", line)
	sub(/,$/, "", line)
	gsub(/"/, "", line)
	return line
}
/^ *"name":/ { name = value($0) }
/^ *"run_name":/ { run = value($0); seen[run] = 1 }
/^ *"repetitions": 3,/ { repetitions[run]++ }
/^ *"threads":/ && run ~ ("/threads:" value($0) "$") { threads[run]++ }
/^ *"aggregate_name":/ { aggregate[run, value($0)] = 1 }
/^ *"items_per_second":/ && value($0) > 0 { rates[run]++ }
END {
	for (run in seen) {
		# 3 repetitions; mean, median, standard deviation and its ratio to the mean
		if (repetitions[run] != 7 || threads[run] != 7 || rates[run] < 6)
			print run ": incomplete"
		if (!((run, "mean") in aggregate && (run, "median") in aggregate && (run, "stddev") in aggregate && (run, "cv") in aggregate))
			print run ": without statistics"
		print run >"measured"
	}
}' results.json >faults
[ ! -s faults ] || surprise "$(cat faults)"
sort listed >one
sort measured | cmp -s - one || surprise 'not what was listed is what was measured'

for key in cpu_model kernel topology placement memory policy:linux-2.6.14 policy:linux-6.15,spin=ttas geometry rcu compiler \
	flags commit build_type seed payload command; do
	grep -qE "^ *\"$key\": \"[^\"]+\"" results.json || surprise "no $key in the context"
done
grep -q '"seed": "7"' results.json || surprise 'the seed differs'
grep -q '"policy:linux-6.15,spin=ttas": ".*spin=ttas' results.json || surprise 'the policy differs'

# The table for people has a line for each.
cp table out
shows 'ns/item'
for workload in $workloads; do
	[ "$(grep -c "^$workload " table)" -eq "$(grep -c "^$workload/" listed)" ] || surprise "not all of $workload in the table"
done

# Without --out: a folder of its own, which the latest one is; and the host's baseline, but for a smoke run.
ends 0 bench limit_lock --quick --threads 1
[ ! -e results/*/baseline ] || surprise 'a smoke run is the baseline'
ends 0 bench $workloads $brief --baseline
ls results/*/*/bench.json | grep -Eq '^results/[A-Za-z0-9.-]+/[0-9]{8}T[0-9]{6}Z(-[0-9]+)?/bench\.json$' || surprise 'no folder of a run, named by its time'
cmp results/latest/bench.json results/*/baseline/bench.json || surprise 'the first run is not the baseline'
first=$(readlink results/latest)
ends 0 bench limit_lock --quick --threads 1
[ "$(readlink results/latest)" != "$first" ] || surprise 'the second run is not the latest'
[ "${first#*/}" = "$(readlink results/*/baseline)" ] || surprise 'the second run became the baseline without --baseline'
ends 0 bench limit_lock $brief --baseline
[ "$(readlink results/latest)" = "${first%/*}/$(readlink results/*/baseline)" ] || surprise '--baseline did not make the run the baseline'
refuses "--baseline keeps a run's folder" bench limit_lock --baseline --out here.json

# The library's own options go through.
ends 0 bench $workloads $brief --out filtered.json --benchmark_filter='threads:2$'
grep '"run_name"' filtered.json | grep -q 'threads:1"' && surprise 'the filter was not passed on'

# Memory that cannot be had fails the benchmark, which is named; the others are measured.
ends 1 bench $workloads --quick --threads 1 --frames 1024 --out failed.json
grep -q '"error_occurred": true' failed.json || surprise 'the failure is not in the results'
grep -q '^faultline bench: fault_disjoint/.*: ' err || surprise 'the failure is not reported'
grep -Eq '^limit_lock +- +1 +[0-9.]+ ' out || surprise 'the other benchmark was not measured'
