# SPDX-License-Identifier: GPL-2.0-or-later
# `report --csv`: a row for each benchmark, quoted where it must be, empty where nothing was measured.
. "$(dirname "$0")/../lib/harness/cli.sh"

row() { # NAME RATE
	printf '{ "run_name": "%s", "run_type": "iteration", "threads": 2,\n' "$1"
	printf '"items_per_second": %s, "fairness": 0.5 },\n' "$2"
}

{
	echo '{ "context": { "faultline_schema": "1" }, "benchmarks": ['
	for rate in 1000 3000 2000; do
		row 'fault/policy:linux-6.4,spin=ttas/pages:64/threads:2' $rate
	done
	echo '{ "run_name": "walk/threads:1", "run_type": "iteration", "error_occurred": true,'
	echo '"error_message": "it \"fell\", hard" } ] }'
} >run.json

ends 0 report --csv run.json
[ ! -s err ] || surprise 'output on stderr'
[ "$(head -n 1 out)" = "name,workload,policy,choices,threads,repetitions,items_per_second,items_per_second_low,\
items_per_second_high,ns_per_item,fairness,error" ] || surprise 'the columns differ'
name='"fault/policy:linux-6.4,spin=ttas/pages:64/threads:2"'
shows "$name"',fault,"linux-6.4,spin=ttas",pages:64,2,3,2000,1000,3000,1000000,0.5,'
shows 'walk/threads:1,walk,,,1,0,,,,,,"it ""fell"", hard"'
[ "$(wc -l <out)" -eq 3 ] || surprise 'not a row for each benchmark'

# What it writes is what the program measures.
ends 0 bench limit_compute --quick --threads 1 --out real.json
ends 0 report --csv real.json
number='[0-9.e+-]+'
grep -qE "^limit_compute/threads:1,limit_compute,,,1,2,$number,$number,$number,$number,1,$" out || surprise 'no row'

refuses "unexpected argument 'run.json': give one run" report --csv real.json run.json
refuses 'nowhere.json: No such file' report --csv nowhere.json
