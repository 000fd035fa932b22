# SPDX-License-Identifier: GPL-2.0-or-later
# Reports: pictures and tables of results, and no belief in files that are no results. The page is in report_page.sh.
. "$(dirname "$0")/../lib/harness/cli.sh"

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
grep -Eq '^fault .* skipped: the kernel has none$' out || surprise 'the skipped row is not reported'
grep -q failed out && surprise 'what was skipped counts as a failure'
ends 0 report --table one.json
shows 'failed: it fell'
grep -Eq '^fault +pages:64 +linux-6.15 +2 +1000000\.0 +2\.00 k +10\.0% +2\.00 +-$' out || surprise 'another line for two threads'

ends 0 report one.json --plots
[ ! -s err ] || surprise 'gnuplot prints on stderr'
for picture in scaling cost policies; do
	[ ! -e plots/$picture-1.png ] || surprise "a small plots/$picture in several files"
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
[ ! -e plots ] || surprise 'plots without --plots'
mkdir empty
PATH="$scratch/empty" "$FAULTLINE" report one.json >out 2>err
[ $? -eq 1 ] || surprise 'a report without gnuplot'
reports 'install gnuplot-nox'
[ "$(wc -l <err)" -eq 1 ] || surprise 'not one line'
grep -q '<section id="answers">' report.html || surprise 'no page without gnuplot'
grep -q 'Not drawn: gnuplot is missing' report.html || surprise 'missing pictures are not reported'

# A gnuplot that fails: one line, with its reason; the page has all but the pictures.
printf '#!/bin/sh\ncat >/dev/null\necho >&2\necho "         line 7: out of paper" >&2\nexit 3\n' >empty/gnuplot
chmod +x empty/gnuplot
rm report.html
PATH="$scratch/empty:$PATH" "$FAULTLINE" report --plots one.json >out 2>err
[ $? -eq 1 ] || surprise 'a gnuplot that fails'
reports 'gnuplot failed: line 7: out of paper'
[ "$(wc -l <err)" -eq 1 ] || surprise 'not one line'
grep -q '</html>' report.html || surprise 'no page without pictures'
rm empty/gnuplot

# Rates that no machine has are not drawn, and that is said in one line; with no other rates there is no page.
for rate in 0 1e-300 1e300 -5; do
	sed "s/\"items_per_second\": [0-9]*/\"items_per_second\": $rate/" one.json >odd.json
	refuses 'odd.json: nothing to draw' report odd.json --plots
	ends 0 report --table odd.json
	grep -Eiq '[^a-z](inf|nan)' out && surprise "no number for $rate"
	sed "0,/\"items_per_second\": [0-9]*/s//\"items_per_second\": $rate/" one.json >odd.json
	ends 0 report odd.json
	reports 'odd.json: 1 of 7 benchmarks are not drawn'
	[ "$(wc -l <err)" -eq 1 ] || surprise 'not one line'
done

# No picture is higher than 2,000 pixels, however many benchmarks there are: there are more pictures.
{
	echo '{ "context": { "num_cpus": 2 }, "benchmarks": ['
	for i in $(seq 150); do
		for policy in linux-2.6.14 linux-6.15; do
			for threads in 1 2 4; do
				echo "{ \"run_name\": \"w$i/policy:$policy/threads:$threads\", \"run_type\": \"iteration\", \"items_per_second\": $i },"
			done
		done
	done
	echo '{ "run_name": "w1/policy:linux-6.15/threads:8", "run_type": "iteration", "items_per_second": 3 } ] }'
} >many.json
ends 0 report --plots many.json
for picture in cost policies scaling; do
	[ -s plots/$picture-2.png ] || [ "$picture" = scaling ] || surprise "no second plots/$picture"
done
for picture in plots/*.png; do
	# Height: the second number of the header's IHDR, four bytes from the 20th on.
	height=$(od -An -j20 -N4 -tu1 "$picture" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }')
	[ "$height" -le 2000 ] || surprise "$picture has $height pixels"
done
rm -r plots

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
