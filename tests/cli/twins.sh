# SPDX-License-Identifier: GPL-2.0-or-later
# The core beside the live kernel: sides are paired by name and choices, whole pages before none, and the fewest threads of both; what is
# not there on both sides is no twin.
. "$(dirname "$0")/../lib/harness/cli.sh"

# benchmark NAME RATE...: one with a repetition for each rate.
benchmark() {
	name=$1
	shift
	for rate; do
		echo "{ \"run_name\": \"$name\", \"run_type\": \"iteration\", \"items_per_second\": $rate },"
	done
}

results() {
	echo '{ "context": { "date": "2024-05-06T07:08:09", "num_cpus": 2, "cpu_model": "a model", "commit": "c0ffee" }, "benchmarks": ['
	benchmark fault_disjoint/policy:linux-2.6.14/pages:2048/payload:4096/threads:1 500
	benchmark fault_disjoint/policy:linux-6.15/pages:2048/payload:4096/threads:1 1900 2000 2100
	benchmark fault_disjoint/policy:linux-6.15/pages:2048/payload:4096/threads:2 3000
	benchmark fault_disjoint/policy:linux-6.15/pages:2048/threads:1 9000
	benchmark fault_disjoint/policy:linux-6.15/pages:65536/threads:1 8000
	benchmark fault_vs_map/policy:linux-6.15/threads:2 100
	benchmark live_touch/pages:2048/threads:1 1000 1000 1000
	benchmark live_touch/pages:2048/threads:2 1200
	benchmark live_touch/pages:65536/threads:1 2000
	benchmark live_touch/pages:4/threads:1 2000
	benchmark live_fault_vs_map/threads:2 50
	benchmark live_dontneed/pages:2048/threads:1 50
	echo '{ "run_name": "live_hugetlb_fault/pages:2048/threads:1", "run_type": "iteration", "error_occurred": true,'
	echo '"error_message": "skipped: none reserved" },'
	echo '{ "run_name": "live_cow/pages:2048/threads:1", "run_type": "iteration", "error_occurred": true, "error_message": "it fell" } ] }'
}

results >results.json
ends 0 report --table results.json
sed -n '/^core/,$p' out >twins
cp twins out
[ "$(wc -l <twins)" -eq 6 ] || surprise 'not four twins, a head and a sum'
grep -Eq '^fault_disjoint +live_touch +pages:2048 +500000\.0 1000000\.0 +0\.500 +0\.476-0\.526 +1\.50 +1\.20 +linux-6\.15, whole pages$' twins ||
	surprise 'not the whole pages of the default policy, or another ratio'
grep -Eq '^fault_disjoint +live_touch +pages:65536 .* 0\.250 +0\.250-0\.250 +- +- +linux-6\.15$' twins || surprise 'the twin differs'
grep -Eq '^fault_vs_map +live_fault_vs_map .* 0\.500 ' twins || surprise 'no twin with two threads'
grep -Eq '^hugetlb_fault +live_hugetlb_fault +pages:2048 +skipped: none reserved$' twins || surprise 'skipped twins are not listed'
shows '2 twins, 1 skipped'

ends 0 report --plots results.json
[ ! -s err ] || surprise 'gnuplot prints on stderr'
grep -q 'fault_disjoint' plots/twins.svg || surprise 'no picture of twins'

# With one side only there is nothing to compare, and nothing is said.
sed 's/live_/dead_/' results.json >one.json
ends 0 report --table one.json
grep -q '^core' out && surprise 'twins without a live side'

# In a run of one's own: what has a twin here is beside it, measured or skipped with the reason.
ends 0 bench fault_one_table live_fault_one_table live_hugetlb_fault --quick --threads 1,2 --out own.json
grep -Eq '^fault_one_table +live_fault_one_table +[0-9.]+ ' out || surprise 'no table of twins at the end of a run'
grep -Eq '^live_hugetlb_fault .*([0-9.]+%|skipped: MAP_HUGETLB)' out || surprise 'neither measured nor skipped'
