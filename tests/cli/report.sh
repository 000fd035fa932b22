# SPDX-License-Identifier: GPL-2.0-or-later
# Reports: pictures and tables of results, and no belief in files that are no results. The page is in report_page.sh.
. "$(dirname "$0")/../lib/cli.sh"

# results FACTOR: two workloads, one with two policies, each 3 times with 1 and with 2 threads; rates times FACTOR.
results() {
	echo '{ "context": { "date": "2024-05-06T07:08:09", "num_cpus": 2, "cpu_model": "a \"quoted\" model", "commit": "c0ffee" },'
	echo '"benchmarks": ['
	for name in fault/policy:linux-2.6.14/pages:64 fault/policy:linux-6.15/pages:64 limit_lock; do
		for threads in 1 2; do
			for rate in 1000 1100 900; do
				echo "{ \"run_name\": \"$name/threads:$threads\", \"run_type\": \"iteration\","
				echo "\"items_per_second\": $((rate * threads * $1)) },"
			done
		done
	done
	echo '{ "run_name": "fault/policy:linux-6.15/threads:1", "run_type": "iteration", "error_occurred": true,'
	echo '"error_message": "it fell" } ] }'
}

results 1 >one.json
sed 's/"it fell"/"skipped: the kernel has none"/' one.json >skipped.json

ends 0 report --table skipped.json
grep -Eq '^fault .* skipped: the kernel has none$' out || surprise 'what was skipped is not told'
grep -q failed out && surprise 'what was skipped counts as a failure'
ends 0 report --table one.json
shows 'failed: it fell'
grep -Eq '^fault +pages:64 +linux-6.15 +2 +1000000\.0 +2\.00 k +10\.0% +2\.00 +-$' out || surprise 'another line for two threads'

ends 0 report one.json --plots
[ ! -s err ] || surprise 'gnuplot complains'
for picture in scaling cost policies; do
	[ "$(head -c 4 plots/$picture.png | tail -c 3)" = PNG ] || surprise "no picture plots/$picture.png"
	grep -q '</svg>' plots/$picture.svg || surprise "no picture plots/$picture.svg"
	grep -q 'c0ffee' plots/$picture.svg || surprise "no commit on plots/$picture.svg"
done
[ -s report.html ] || surprise 'no page beside the file'
rm -r plots
refuses 'results/latest: no run yet' report
mkdir -p results/host/run
ln -s host/run results/latest
cp one.json results/latest/bench.json
ends 0 report
[ -s results/host/run/report.html ] || surprise 'no page about the latest run'
[ ! -e plots ] || surprise 'pictures that nobody asked for'
mkdir empty
PATH="$scratch/empty" "$FAULTLINE" report one.json >out 2>err
[ $? -eq 1 ] || surprise 'a report without gnuplot'
tells 'install gnuplot-nox'
[ "$(wc -l <err)" -eq 1 ] || surprise 'not one line'

refuses 'cut.json:' report "$(head -c 300 one.json >cut.json; echo cut.json)"
for text in '' 'nonsense' '[]' '{}' '{"context": {}, "benchmarks": 1}' '{"context": {}, "benchmarks": []}' \
	'{"context": {}, "benchmarks": [1]}' '{"context": {}, "benchmarks": [{"run_name": "a", "run_type": "iteration"}]}' \
	'{"context": {}, "benchmarks": [{"run_name": "///", "run_type": "iteration", "items_per_second": 1}]}'; do
	printf '%s' "$text" >bad.json
	refuses 'bad.json:' report bad.json
done
mkdir folder
refuses 'folder: no results in it' report folder
refuses 'folder/bench.json: No such file' report --table folder
