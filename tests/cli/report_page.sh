# SPDX-License-Identifier: GPL-2.0-or-later
# The page about a run: well-formed, by itself, with every section, figures with their data, and models that are called
# so.
. "$(dirname "$0")/../lib/harness/cli.sh"

# run CASES: a file of Google Benchmark's with the lines of cases, "NAME RATE".
run() {
	echo '{ "context": { "date": "2024-05-06T07:08:09", "num_cpus": 8, "cpu_model": "a <b>bold</b> & \"quoted\" model" }, "benchmarks": ['
	while read -r name rate; do
		for factor in 0.99 1 1.01; do
			echo "$separator{ \"run_name\": \"$name\", \"run_type\": \"iteration\", \"items_per_second\":" \
				"$(awk "BEGIN { printf \"%.6f\", $rate * $factor }") }"
			separator=,
		done
	done
	separator=
	echo '] }'
}

# What the model says of 1, 2, 4 and 8 threads, for sigma, kappa and the rate of one.
law() {
	for threads in 1 2 4 8; do
		awk "BEGIN { n = $threads; printf \"%s/threads:%d %.9f\\n\", \"$1\", n, $4 * n / (1 + $2 * (n - 1) + $3 * n * (n - 1)) }"
	done
}

# well_formed FILE: each tag that opens is closed, in order, and what ends without a partner is an end.
well_formed() {
	awk '
	{ text = text $0 "\n" }
	END {
		sub(/<!DOCTYPE[^>]*>/, "", text)
		gsub(/<!--[^>]*-->/, "", text)
		while (match(text, /<[^>]*>/)) {
			tag = substr(text, RSTART + 1, RLENGTH - 2)
			if (substr(text, 1, RSTART - 1) ~ /&[^a-z#]/) { print "a bare &"; exit }
			text = substr(text, RSTART + RLENGTH)
			if (tag ~ /\/$/)
				continue
			name = tag
			sub(/[ \n].*/, "", name)
			if (tag !~ /^\//) {
				open[++depth] = name
			} else if (depth == 0 || open[depth--] != substr(name, 2)) {
				print "not the one to close: " name " for " open[depth + 1]
				exit
			}
		}
		if (depth)
			print "left open: " open[depth]
	}' "$1"
}

# The check itself sees what it is for.
echo '<p>a <b>c</p></b>' >crossed
[ -n "$(well_formed crossed)" ] || surprise 'crossed tags pass'
echo '<p>a <b>c</b>' >left
[ -n "$(well_formed left)" ] || surprise 'an open tag passes'
echo '<p>a & c</p>' >bare
[ -n "$(well_formed bare)" ] || surprise 'a bare & passes'

mkdir one
{ law fault/policy:linux-2.6.14/pages:64 0.5 0.01 1000; law fault/policy:linux-6.15/pages:64 0.05 0.002 2000; } | run >one/eras.json
{
	law 'touch/policy:linux-6.15/pages:8/payload:4096' 0 0 10
	law limit_lock 0 0 77
	echo 'few/policy:linux-6.15/threads:1 5'
	echo 'few/policy:linux-6.15/threads:2 7'
} | run >one/bench.json
cat >one/profile.json <<'END'
{ "schema": 1, "context": {}, "cases": [ { "name": "fault/policy:linux-6.15/pages:64", "threads": 4, "seconds": 1, "items": 1000,
"bottleneck": "PTE-table PTL", "locks": [ { "class": "PTE-table PTL", "acquired": 2000, "contended": 500, "wait_ns": 7,
"wait_max_ns": 5, "hold_ns_mean": 100000, "hold_samples": 30, "wait_share": 0.25 }, { "class": "a <lock>", "acquired": 2000,
"contended": 0, "wait_ns": 0, "wait_max_ns": 0, "hold_ns_mean": 1, "hold_samples": 30, "wait_share": 0 } ],
"latency": [ { "role": "fault", "operation": "op", "count": 5000, "p50": 80, "p90": 100, "p99": 200, "p999": 1000, "max": 5000,
"buckets": [[100, 900], [5000, 100]] } ], "retries": [ { "loop": "again & again", "count": 3, "p999": 1, "max": 2 } ] } ] }
END
cat >one/numa.json <<'END'
{ "schema": 1, "context": {}, "nodes": [ 0 ], "skipped": "one node", "cells": [] }
END

ends 0 report one
shows 'one/report.html'
[ ! -s err ] || surprise 'output on stderr'
page=one/report.html
fault=$(well_formed $page)
[ -z "$fault" ] || surprise "not well-formed: $fault"
for section in answers run eras twins scaling locks latency numa noise all; do
	grep -q "<section id=\"$section\">" $page || surprise "no section $section"
	grep -q "<a href=\"#$section\">" $page || surprise "no link to $section"
done
grep -q 'name="viewport"' $page || surprise 'no viewport for small screens'
grep -q 'prefers-color-scheme:dark' $page || surprise 'no colours for dark mode'

# Nothing is fetched: names of namespaces are all the addresses there are, and nothing else is embedded or imported.
sed 's|xmlns\(:xlink\)*="http://www.w3.org/[0-9a-z/]*"||g' $page | grep -iEn 'https?:|//[a-z]+\.|@import|url\(|<script [^>]|<link|<img|<image|<iframe|src=' &&
	surprise 'the page loads a resource'

# Each figure has a picture, its data, and the commands that make it again.
figures=$(grep -c '^<figure id=' $page)
[ "$figures" -ge 6 ] || surprise "$figures figures"
[ "$(grep -c '^<svg viewBox=' $page)" -eq "$figures" ] || surprise 'a figure without a picture'
[ "$(grep -c '<details><summary>data, and the command for it' $page)" -eq "$figures" ] || surprise 'a figure without its data'
[ "$(grep -c '^faultline report one' $page)" -eq "$figures" ] || surprise 'a figure without its command'
grep -qF -- 'faultline eras fault --axis pages:64 --policy linux-2.6.14 --policy linux-6.15 --threads 1,2,4,8' $page || surprise 'the command of a figure differs'
grep -qF -- 'faultline bench touch --axis pages:8 --payload 4096 --policy linux-6.15 --threads 1,2,4,8' $page || surprise 'the command of a figure differs'

# Sections and figures have anchors, each of them one; heads of tables sort; marks say their values at the pointer.
grep -o ' id="[^"]*"' $page | grep -v 'gpPt\|gpDot\|textbox\|greybox\|gpchart' | sort | uniq -d >twice
[ ! -s twice ] || surprise "an anchor twice: $(cat twice)"
grep -q '<figure id="scaling-fault">' $page || surprise 'no anchor of a figure'
grep -q '<td class="n" data-v="8">' $page || surprise 'no value to sort by'
grep -q '<title>linux-6.15, 8 threads: [0-9.]* k/s ([0-9.]* k … [0-9.]* k)</title>' $page || surprise 'no value at the pointer'
grep -q 'onmouse\|gnuplot_' $page && surprise 'scripts of gnuplot'

# The first thing are answers: these policies are no neighbours in history, and no operation of the table was measured.
grep -q '<h3 id="answer-vma-refcount" class="question">' $page || surprise 'no question'
grep -q 'Throughput of linux-6.15 against linux-2.6.14, over 4 combinations of workload and threads: 4 faster' $page || surprise 'the answer differs'
grep -q 'This run has no knockouts.json' $page || surprise 'an answer about knock-outs without knockouts.json'

grep -q 'This run has no conform.json' $page || surprise 'an answer of the live kernel without conform.json'
grep -q 'This run has no linearize.json' $page || surprise 'an answer about orders without linearize.json'

# What others wrote is text.
grep -qF 'a &lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot; model' $page || surprise 'not escaped'
grep -qF 'a &lt;lock&gt;' $page || surprise 'no lock'
grep -qF 'again &amp; again' $page || surprise 'no loop'
grep -qF 'Skipped: one node' $page || surprise 'no reason for no NUMA'

# Coefficients that are known are found again; a line without the points says so; nothing scales better than perfectly.
fit() { # WORKLOAD POLICY KEY
	awk -v workload="\"$1\"," -v policy="\"$2\"," -v key="\"$3\":" '
	$1 == "\"workload\":" { here = $2 == workload }
	$1 == "\"policy\":" { here = here && $2 == policy }
	here && $1 == key { sub(/,$/, "", $2); print $2 }' one/usl.json
}
near() { # VALUE WANTED
	awk "BEGIN { exit !($1 - $2 < 1e-6 && $2 - $1 < 1e-6) }" || surprise "$1, and not $2"
}
near "$(fit fault linux-2.6.14 sigma)" 0.5
near "$(fit fault linux-2.6.14 kappa)" 0.01
near "$(fit fault linux-2.6.14 peak)" 7.0710678
near "$(fit fault linux-6.15 sigma)" 0.05
near "$(fit fault linux-6.15 kappa)" 0.002
near "$(fit touch linux-6.15 sigma)" 0
near "$(fit touch linux-6.15 kappa)" 0
[ "$(fit touch linux-6.15 peak)" = null ] || surprise 'a peak of a curve that has none'
grep -q '"2 numbers of threads: a fit needs 4"' one/usl.json || surprise 'a fit of two points'
grep -q 'model, linux-6.15: σ 0.05 ' $page || surprise 'a model is not named as a model'
# 2000 times in 1000 items, 100 µs each: 5000 items a second.
grep -q 'model, lock bound: at most 5.00 k items/s' $page || surprise 'the lock bound differs'
mkdir shared
sed 's/PTE-table PTL/mm->mmap_lock/' one/profile.json >shared/profile.json
cp one/eras.json shared
ends 0 report shared
grep -q 'model, lock bound' shared/report.html && surprise 'a bound from a shared lock'

# Several runs: the last against the first.
mkdir two
sed 's/2024/2025/' one/bench.json >two/bench.json
ends 0 report one two
shows 'two/report.html'
grep -q '<section id="runs">' two/report.html || surprise 'no section about several runs'
grep -q 'two: a &lt;b&gt;bold&lt;/b&gt;' two/report.html || surprise 'the page is not about the last run'
grep -q '2024-05-06' two/report.html || surprise 'the first run is not on the page'
[ -z "$(well_formed two/report.html)" ] || surprise 'not well-formed'
for command in 'faultline eras' 'faultline profile' 'faultline numa'; do
	grep -q "<pre>$command</pre>" two/report.html || surprise "$command is not named for what is missing"
done
ends 0 report two --out elsewhere.html
[ -s elsewhere.html ] || surprise 'no page where it was asked for'
refuses 'nowhere/x.html: No such file' report two --out nowhere/x.html

# A row that cannot be trusted is on the page with its mark, and is quoted by no answer; so is the run's mark.
marked() { # SHARE
	echo '{ "context": { "num_cpus": 2, "quick": "1" }, "benchmarks": [ { "run_name": "fault_disjoint/policy:linux-6.15/threads:1",'
	echo "\"run_type\": \"iteration\", \"items_per_second\": 1000, \"processor_got\": $1 } ] }"
}
marked 1 >trusted.json
ends 0 report trusted.json --out trusted.html
grep -q 'fault on a fresh page' trusted.html || surprise 'a row without a mark is not quoted'
grep -q 'starved' trusted.html && surprise 'a mark without a reason'
marked 0.5 >starved.json
ends 0 report starved.json --out starved.html
grep -q 'fault on a fresh page' starved.html && surprise 'a starved row is quoted'
grep -q '<td>starved</td>' starved.html || surprise 'a starved row without its mark'
grep -q 'quick: a smoke run' starved.html || surprise "a smoke run without its mark"

# Files of two commits are no run of one program.
mkdir mixed
sed 's/"num_cpus"/"commit": "c0ffee", &/' trusted.json >mixed/bench.json
sed 's/"num_cpus"/"commit": "c0ffee", &/' trusted.json >mixed/eras.json
ends 0 report mixed
[ ! -s err ] || surprise 'a warning of one commit'
sed 's/"num_cpus"/"commit": "decade", &/' trusted.json >mixed/eras.json
ends 0 report mixed
reports 'mixed: files of several commits: c0ffee, decade'

# What is no run is refused, and leaves no page.
mkdir bad
refuses 'bad: no results in it' report bad
for file in profile numa eras bench; do
	for text in nonsense '[]' '{}' '{ "schema": 99, "context": {}, "cases": [], "cells": [], "nodes": [], "benchmarks": [] }' \
		'{ "schema": 1, "context": {}, "cases": [ 1 ], "cells": [ 1 ], "nodes": [], "benchmarks": [ 1 ] }'; do
		rm -f bad/*
		echo "$text" >bad/$file.json
		refuses "bad/$file.json:" report bad
		refuses "bad/$file.json:" report one bad
	done
done
[ ! -e bad/report.html ] || surprise 'a page without results'

# An incomplete run says so, in one line and at the top of its page, with the command that measures the rest.
mkdir partial
for file in bench eras; do
	sed 's/{ "context"/{ "incomplete": "SIG<TERM>", "context"/' trusted.json >partial/$file.json
done
sed 's/{ "schema"/{ "incomplete": "SIG<TERM>", "schema"/' one/profile.json >partial/profile.json
sed 's/{ "schema"/{ "incomplete": "SIG<TERM>", "schema"/' one/numa.json >partial/numa.json
ends 0 report partial
for file in bench eras profile numa; do
	reports "partial: $file.json is incomplete: SIG<TERM>"
	sed -n '1,/<nav>/p' partial/report.html | grep -q "$file.json of partial is incomplete: SIG&lt;TERM&gt;" ||
		surprise "no line of $file.json at the top"
done
for command in bench eras numa; do
	sed -n '1,/<nav>/p' partial/report.html | grep -q "faultline $command --resume partial" ||
		surprise "nothing resumes $command.json"
done
[ "$(wc -l <err)" -eq 4 ] || surprise 'not one line for each file'
[ -z "$(well_formed partial/report.html)" ] || surprise 'not well-formed'
for form in --table --csv; do
	ends 0 report $form partial/bench.json
	reports 'partial/bench.json is incomplete: SIG<TERM>'
	ends 0 report $form trusted.json
	[ ! -s err ] || surprise 'a complete run is called incomplete'
done
