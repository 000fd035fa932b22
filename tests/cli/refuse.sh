# SPDX-License-Identifier: GPL-2.0-or-later
# What the program does not know it refuses: one line on stderr, exit status 2.
. "$(dirname "$0")/../lib/harness/cli.sh"

refuses 'faultline: no command'
refuses "faultline: unknown command 'fly'" fly
refuses "faultline: unknown option '--fly'" --fly
for command in list topo capture bench numa stress report; do
	refuses "faultline $command: unknown option '--fly' (see faultline $command --help)" $command --fly
	refuses "unknown option" $command --fly=1
done

for command in bench stress; do
	any='*'
	refuses "unknown policy 'x' (see faultline list --policies)" $command "$any" --policy x
	refuses "unknown policy 'x'" $command "$any" --policy linux-6.4,x
	refuses "unknown policy choice 'fly'" $command "$any" --policy linux-6.4,fly=1
	refuses "has no value 'x'" $command "$any" --policy linux-6.4,spin=x
	refuses "option '--policy' lacks its argument" $command "$any" --policy
	refuses "invalid number of threads '0'" $command "$any" --threads 0
	refuses "invalid number of threads ''" $command "$any" --threads 1,,2
	refuses "invalid number of threads '-1'" $command "$any" --threads=-1
	refuses "invalid number of threads '99999999999999999999'" $command "$any" --threads 99999999999999999999
	refuses "unknown placement 'x'" $command "$any" --placement x
	refuses "invalid node 'x'" $command "$any" --node x
	refuses "no node 63" $command "$any" --placement node --node 63
	refuses "unknown memory 'x'" $command "$any" --memory x
	refuses "unknown tables 'x'" $command "$any" --tables x
	refuses "invalid node 'x'" $command "$any" --tables node:x
	refuses "no node 63" $command "$any" --memory node:63
	refuses "invalid payload '5'" $command "$any" --payload 5
	refuses "invalid seed '1x'" $command "$any" --seed 1x
	refuses "invalid number of frames '1'" $command "$any" --frames 1
	refuses "invalid axis 'pages'" $command "$any" --axis pages
	refuses "no chosen workload has an axis 'fly'" $command "$any" --axis fly:1
	refuses "unknown workload 'x' (see faultline list)" $command x
	refuses "unknown workload 'fly*'" $command "$any" 'fly*'
	refuses "nowhere.layout: No such file" $command "$any" --layout nowhere.layout
	refuses "/tmp: Is a directory" $command "$any" --layout /tmp
	printf '1000-2000 rw-p 0\n+ 1 0 p\n' >bad.layout
	refuses "bad.layout:2: a run of no pages" $command "$any" --layout bad.layout
	head -c 4096 "$FAULTLINE" >binary.layout
	refuses "binary.layout:1: not text" $command "$any" --layout binary.layout
done

refuses "invalid number of repetitions '0'" bench --repetitions 0
refuses "invalid time 'x'" bench --min-time x
refuses "invalid time '-1'" bench --min-time=-1
refuses "invalid time '1e400'" bench --min-time 1e400
refuses "nowhere/x.json: No such file" bench --quick --out nowhere/x.json
refuses "unknown option '--benchmark_fly=1'" bench --benchmark_fly=1
refuses "option '--benchmark_out=x': use --out" bench --benchmark_out=x
refuses "option '--benchmark_min_time=1': use --min-time" bench --benchmark_min_time=1
refuses "no benchmark passes --benchmark_filter" bench --quick --out x.json --benchmark_filter=nothing_like_this
[ ! -e x.json ] && [ ! -e x.json.tmp ] || surprise "results without benchmarks"

refuses "no workload given" stress
refuses "unexpected argument 'x' with --all" stress --all x
refuses "invalid time '0'" stress --all --seconds 0
refuses "invalid number of rounds '0'" stress --all --rounds 0
refuses "invalid noise '1001'" stress --all --noise 1001

refuses "more than one list" list --policies --events
refuses "unexpected argument 'x'" list x
refuses "unexpected argument 'x'" topo x
refuses "invalid topology 'fly'" topo --synthetic fly
refuses "lacks its argument" topo --synthetic
refuses "no process given" capture
refuses "invalid process number '0'" capture 0
refuses "invalid process number '1.5'" capture 1.5
refuses "unexpected argument '2': give one process number" capture 1 2
refuses "nowhere.json: No such file" report nowhere.json
refuses "unexpected argument 'b': give one run" report --table a b
refuses "too many runs" report 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17
