# SPDX-License-Identifier: GPL-2.0-or-later
# Eras: every policy with every number of threads, in a file of their own; what each step bought, as a table and a
# picture.
. "$(dirname "$0")/../lib/harness/cli.sh"

# Nothing chosen: all presets, 1, 2, 4 … threads, four numbers of them at least, and one value of all else.
ends 0 eras --list
for policy in linux-2.6.14 linux-2.6.15 linux-3.13 linux-6.4 linux-6.15; do
	for threads in 1 2 4 8; do
		[ "$(grep -c "^fault_one_vma/policy:$policy/threads:$threads\$" out)" -eq 1 ] || surprise "not once: $policy, $threads threads"
	done
done
for workload in $(sed 's|/.*||' out | sort -u); do
	[ "$(grep "^$workload/" out | sed 's|/policy:[^/]*||; s|/threads:.*||' | sort -u | wc -l)" -eq 1 ] || surprise "several choices of $workload"
done
[ "$(sed 's|/.*||' out | sort -u | wc -l)" -ge 8 ] || surprise 'few workloads'
ends 0 eras --quick --list
grep -q '/policy:linux-2.6.14/' out || surprise 'a smoke run lacks a policy'

ends 0 eras fault_one_vma limit_lock --quick --threads 1,2
[ -s results/latest/eras.json ] || surprise 'no results of their own'
[ ! -e results/latest/bench.json ] || surprise 'results of bench'
grep -Eq '^fault_one_vma +2( +\(?[0-9]+\.[0-9]{2}\)?){5} ' out || surprise 'no line for two threads'
shows 'Base: linux-2.6.14, the oldest policy that was measured.'
grep -q '^limit_lock' out && surprise 'a step of a workload without policies'
grep -q '</svg>' plots/eras.svg || surprise 'no picture'
ends 0 report --table results/latest/eras.json

# One policy is no step.
ends 0 eras fault_one_vma --quick --threads 1 --policy linux-6.4
shows 'no picture of eras'

refuses "unknown workload 'fly'" eras fly
refuses '--baseline' eras --baseline
