# SPDX-License-Identifier: GPL-2.0-or-later
# Rows with marks are in tables, with their marks, and in no curve, bar, step or answer: their rates change no picture.
. "$(dirname "$0")/../lib/harness/cli.sh"

# What gnuplot reads is kept.
mkdir kept
gnuplot=$(command -v gnuplot)
printf '#!/bin/sh\ntee -a "%s/script" | "%s" "$@"\n' "$scratch" "$gnuplot" >kept/gnuplot
chmod +x kept/gnuplot
PATH=$scratch/kept:$PATH

# rows PLANTED RATE SHARE: three repetitions of each case; those of PLANTED have this rate, and got this
# share of the processor time they wanted.
rows() {
	separator=
	echo '{ "context": { "num_cpus": 4 }, "benchmarks": ['
	for threads in 1 2 4 8; do
		for name in $cases; do
			rate=$((1000 + threads))
			got=1
			if [ "$name/threads:$threads" = "$1" ]; then
				rate=$2
				got=$3
			fi
			for factor in 127 128 130; do
				echo "$separator{ \"run_name\": \"$name/threads:$threads\", \"run_type\": \"iteration\"," \
					"\"processor_got\": $got, \"items_per_second\": $((rate * factor)) }"
				separator=,
			done
		done
	done
	echo '] }'
}

# drawn PLANTED RATE SHARE: the scripts of all pictures, and of the page's figures, but for the paths in them.
drawn() {
	mkdir -p run
	cases='touch/policy:linux-2.6.14 touch/policy:linux-6.4 touch/policy:linux-6.15
		fault_disjoint/policy:linux-6.15/pages:2048 live_touch/pages:2048'
	rows "$@" >run/bench.json
	cases='touch/policy:linux-2.6.14 touch/policy:linux-6.4 touch/policy:linux-6.15'
	rows "$@" >run/eras.json
	rm -f script
	ends 0 report run --plots
	grep -v '^set output' script
}

for planted in touch/policy:linux-6.15/threads:1 touch/policy:linux-6.15/threads:4 touch/policy:linux-2.6.14/threads:4 \
	fault_disjoint/policy:linux-6.15/pages:2048/threads:1 live_touch/pages:2048/threads:1 \
	touch/policy:linux-6.4/threads:8; do
	drawn $planted 1024 0.5 >slower
	drawn $planted 4096 0.5 >faster
	cmp -s slower faster || surprise "the rates of a marked row are drawn: $planted: $(diff slower faster)"
	grep -q 'not drawn: 1 of [0-9]* rows, which have marks' faster || surprise 'no plot lists the rows it omits'
	grep -q '<td>starved</td>' run/report.html || surprise 'no table has the row with its mark'
	drawn $planted 1024 1 >slower
	drawn $planted 4096 1 >faster
	cmp -s slower faster && surprise "a row without marks is not drawn: $planted"
	grep -q 'which have marks' faster && surprise 'a mark without a reason'
done

# A curve without points, and a figure without curves, say so in one line.
mkdir -p run
rm run/eras.json
cases='touch/policy:linux-6.4 touch/policy:linux-6.15'
rows none 0 1 | sed '/linux-6.4/s/"processor_got": 1/"processor_got": 0.5/' >run/bench.json
ends 0 report run
grep -q 'linux-6.4: no curve, since all its rows have marks' run/report.html || surprise 'a missing curve has no explanation'
cases='touch/policy:linux-6.4 walk/policy:linux-6.4'
rows none 0 1 | sed '/walk/s/"processor_got": 1/"processor_got": 0.5/' >run/bench.json
ends 0 report run
grep -q 'No figure of walk' run/report.html || surprise 'a missing figure has no explanation'
sed -i 's/"processor_got": 1/"processor_got": 0.5/' run/bench.json
ends 0 report run --plots
grep -q 'No curve: too few rows' run/report.html || surprise 'missing figures have no explanation'
shows 'no picture of scaling: no rows without marks'
