# SPDX-License-Identifier: GPL-2.0-or-later
# Where time goes: locks by class, latencies by role and operation, retries; as text and as JSON; the lock that holds
# all up is named.
. "$(dirname "$0")/../lib/harness/cli.sh"

ends 0 profile 'fault_disjoint' --axis pages:2048 --threads 2 --seconds 0.1 --out one.json
grep -qE '^fault_disjoint/policy:linux-6.15/pages:2048/threads:2: [0-9.]+ [kM]?items/s' out || surprise 'no rate'
grep -qE '^  VMA lock +[0-9.]+ [kM]? +0\.[0-9]+% ' out || surprise 'the VMA lock is missing, or contended'
grep -qE '^  fault +fault +[0-9.]+ [kM]?( +[0-9.]+ [num]s){5}' out || surprise 'no latencies'
shows 'Results are in one.json.'
[ ! -e results ] || surprise 'a results folder beside --out'
for key in '"schema": 1' '"cpu_model": "' '"policy:linux-6.15": "' '"name": "fault_disjoint/policy:linux-6.15/pages:2048"' '"threads": 2' \
	'"class": "PTE-table PTL"' '"wait_share": 0' '"operation": "fault"' '"p999": ' '"buckets": \[' '"loop": "a fault, restarted"'; do
	grep -q "$key" one.json || surprise "no $key in the file"
done

# A live kernel's locks are not ours: its operation alone is timed. More threads than processors are no matter.
ends 0 profile live_touch --threads 8 --seconds 0.1
grep -qE '^  [a-z]+ +op +[0-9.]+ [kM]? ' out || surprise 'no latency of the whole operation'
grep -q '^  lock ' out && surprise 'locks of the program itself'
[ -s results/latest/profile.json ] || surprise 'not the latest results'

# One lock for the whole address space is contended by all threads. On a busy machine two threads seldom meet: retry for
# longer.
for seconds in 0.1 0.3 1 3 10 30; do
	ends 0 profile fault_one_table --policy linux-2.6.14 --threads 8 --seconds $seconds --out $seconds.json
	grep -q 'bottleneck: ' out && break
done
grep -qE '^fault_one_table/policy:linux-2.6.14/threads:8: .*; bottleneck: mm->page_table_lock, [0-9.]+ % of' out || surprise 'not the bottleneck'
grep -q '"bottleneck": "mm->page_table_lock"' $seconds.json || surprise 'not the bottleneck in the file'

# Without instruments the same workload runs, and only the rate is printed.
ends 0 profile fault_disjoint --axis pages:2048 --threads 2 --seconds 0.1 --bare --out bare.json
shows 'items/s, without instruments'
grep -q '"locks": \[\]' bare.json || surprise 'locks with instruments off'

# What each thread did last, by time: a process for each case, a thread for each worker.
ends 0 profile fault_one_table limit_lock --threads 2 --seconds 0.05 --policy linux-2.6.14 --out traced.json --trace trace.json
grep -qE '^The trace is in .*trace.json, for ui.perfetto.dev: [0-9]+ events' out || surprise 'no trace'
for text in '"name":"process_name","args":{"name":"fault_one_table/policy:linux-2.6.14"},"pid":1' \
	'"name":"thread_name","args":{"name":"fault 1"},"pid":1,"tid":2' '"pid":2,"tid":1' \
	'"ph":"X","cat":"operation","name":"fault","ts":' '"ph":"b","cat":"hold","name":"mm->page_table_lock","id":"'; do
	grep -qF -- "$text" trace.json || surprise "the trace lacks: $text"
done
[ "$(grep -c '"ph":"b"' trace.json)" = "$(grep -c '"ph":"e"' trace.json)" ] || surprise 'holds without an end'
refuses '--trace needs the instruments, and --bare is without' profile limit_lock --bare --trace trace.json
refuses 'missing/trace.json: No such file or directory' profile limit_lock --trace missing/trace.json

# A workload that cannot be set up is reported, and the others run.
ends 1 profile 'limit_lock' fault_disjoint --axis pages:65536 --threads 2 --seconds 0.05 --frames 1024 --out failed.json
reports 'fault_disjoint/policy:linux-6.15/pages:65536/threads:2: '
grep -q '"limit_lock"' failed.json || surprise 'the other benchmark was not run'

refuses "unknown workload 'fly' (see faultline list)" profile fly
refuses "invalid time 'fly' for --seconds: give 0.001 to 3600" profile --seconds fly
