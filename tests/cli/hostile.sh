# SPDX-License-Identifier: GPL-2.0-or-later
# Files of results whose texts are hostile, and whose numbers are out of all proportion: each string and each number of
# each file in turn. Pages and pictures show a text as a text: no command is run, both stay well-formed, and the program
# ends in order.
. "$(dirname "$0")/../lib/harness/cli.sh"

mkdir good
{
	echo '{ "schema": 1, "context": { "date": "2024-05-06T07:08:09", "num_cpus": 2, "cpu_model": "m", "commit": "c", "topology": "t",'
	echo '"build_type": "release", "kernel": "k", "command": "faultline bench", "policy:linux-6.15": "spin=queued", "load_avg": [ 1 ] },'
	echo '"benchmarks": ['
	for name in fault_disjoint/policy:linux-2.6.14/pages:2048 fault_disjoint/policy:linux-6.15/pages:2048 live_touch/pages:2048; do
		for threads in 1 2; do
			echo "$separator{ \"run_name\": \"$name/threads:$threads\", \"run_type\": \"iteration\"," \
				"\"items_per_second\": $((1000 * threads)), \"fairness\": 0.9 }"
			separator=,
		done
	done
	echo ', { "run_name": "live_cow/threads:1", "run_type": "iteration", "error_occurred": true, "error_message": "it fell" } ] }'
} >good/bench.json
sed 's|/pages:2048||; /live_[a-z]*.threads:[12]/d; /it fell/d' good/bench.json >good/eras.json
echo '] }' >>good/eras.json
cat >good/profile.json <<'END'
{ "schema": 1, "context": { "command": "faultline profile" }, "cases": [ { "name": "fault_disjoint/policy:linux-6.15/pages:64",
"threads": 4, "seconds": 1, "items": 1000, "bottleneck": "PTE-table PTL", "locks": [ { "class": "PTE-table PTL", "acquired": 2000,
"contended": 500, "wait_ns": 7, "wait_max_ns": 5, "hold_ns_mean": 100000, "hold_samples": 30, "wait_share": 0.25 } ],
"latency": [ { "role": "fault", "operation": "op", "count": 5000, "samples": 5000, "p50": 80, "p90": 100, "p99": 200, "p999": 1000,
"max": 5000, "buckets": [[100, 900]] } ], "retries": [ { "loop": "again", "count": 3, "p999": 1, "max": 2 } ] } ] }
END
cell() { # THREADS FRAMES TABLES
	echo "{ \"workload\": \"walk\", \"policy\": \"p\", \"choices\": \"c\", \"threads\": 2, \"threads_node\": $1, \"frames_node\": $2,"
	echo "\"tables_node\": $3, \"ns\": 2, \"low\": 1, \"high\": 3 }"
}
{
	echo '{ "schema": 1, "context": { "command": "faultline numa" }, "nodes": [ 0, 1 ], "cells": ['
	cell 0 0 0; echo ,; cell 0 1 1; echo ,; cell 1 1 1
	echo '] }'
} >good/numa.json
cat >good/knockouts.json <<'END'
{ "context": { "command": "faultline knockouts" }, "median": 0.06, "longest": 2, "knockouts": [ { "name": "pte-lock", "how": "stress x",
"verdict": "survived", "median": 0, "disabled": 3, "kills": [ { "detector": "d", "seconds": 1, "seed": 3 } ] } ] }
END
cat >good/conform.json <<'END'
{ "operations": 7, "sequences": 2, "divergences": 0, "exceptions": [ { "name": "a-rule", "reason": "why", "fired": 3 },
{ "name": "b-rule", "reason": "so", "fired": 0 } ] }
END
cat >good/linearize.json <<'END'
{ "context": { "command": "faultline linearize" }, "cases": [ { "target": "live", "name": "live", "threads": 3, "pages": 2, "histories": 9,
"overlapping": 4, "unexplained": 0 } ] }
END

command -v xmllint >out 2>err || surprise 'xmllint is not there: install libxml2-utils'

# clean WHAT: the run in folder bad was reported on as it should be.
clean() {
	case $status in
	0) ;;
	1 | 2) [ "$(wc -l <err)" -eq 1 ] || surprise "$1: status $status, and not one line" ;;
	*) surprise "$1: status $status" ;;
	esac
	[ -z "$(find . -name 'canary*')" ] || surprise "$1: a command was run"
	grep -E 'gnuplot (failed|drew)|gnuplot: |Sanitizer|runtime error' err | grep -qv 'warning: Warning - difficulty fitting plot titles' && surprise "$1: gnuplot prints on stderr"
	for drawn in bad/report.html plots/*.svg; do
		[ ! -e "$drawn" ] || xmllint --noout --nonet "$drawn" >out 2>>err || surprise "$1: $drawn is not well-formed"
	done
	[ -z "$(LC_ALL=C tr -d '\12\40-\176\200-\377' <said)" ] || surprise "$1: control characters on the terminal"
	grep -q '<script>alert' bad/report.html 2>/dev/null && surprise "$1: a script of the file's"
	return 0
}

# try FILE strings|numbers INDEX TEXT: a run of that file alone; false when INDEX is past the last one.
try() {
	rm -rf bad plots
	mkdir bad
	"$PLANTED_JSON" "good/$1" "$2" "$3" "$4" >"bad/$1" || return 1
	"$FAULTLINE" report --plots bad >out 2>err
	status=$?
	"$FAULTLINE" report --table bad 2>&1 | cat out err - >said
	clean "$1, $2 $3"
}

each() { # FILE strings|numbers TEXT
	index=0
	while try "$1" "$2" $index "$3"; do
		index=$((index + 1))
	done
	[ $index -ge 3 ] || surprise "$1 has $index $2"
}

# All signs that gnuplot, a shell, HTML or XML know, on several lines; and a long one of all characters that are cut in
# the middle.
hostile=$(printf 'a`touch canary`$(touch canary2)\n\nEOD\nEND\nsystem "touch canary3"\n'"'"'; !touch canary4\n"\\\\"; @x # {/=99 ^_}\r\033[2J<script>alert(1)</script>]]>&lt;-->\001\177\357\277\277')
long=$(printf '`touch canary5`%0999d\303\244\342\202\254' 0 | sed 's/0/ä/g')

# What it was before these tests: such a text in a script of gnuplot's is run, so the canary sings.
printf 'set title "%s"\n' '`touch canary`' | gnuplot >out 2>err
[ -e canary ] || surprise 'gnuplot does not run the planted command'
rm canary

cp -r good bad
ends 0 report --plots bad
[ ! -s err ] || surprise 'output on stderr for a good run'
clean 'a good run'
for picture in scaling cost policies twins eras numa; do
	[ -s plots/$picture.svg ] || surprise "no plots/$picture.svg"
done
for file in bench eras profile numa knockouts conform linearize; do
	each $file.json strings "$hostile"
	try $file.json strings names "$hostile"
done
each profile.json numbers 1e308
each numa.json numbers 1e308
each numa.json numbers 0
try bench.json strings names "$long" || surprise 'no names'
grep -q 'touch canary5' plots/cost.svg || surprise 'a row with a long name is not drawn'

# The name of the run itself, which also stands in the commands of the page, in quotes that a shell takes as they are.
run="it's \`touch canary\`<b>"
cp -r good "$run"
ends 0 report "$run" -o bad/report.html
status=0
clean 'the name of a run'
grep -qF "faultline report 'it'\\''s \`touch canary\`&lt;b&gt;'" bad/report.html || surprise 'a name is a command in a command line of the page'
