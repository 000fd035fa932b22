# SPDX-License-Identifier: GPL-2.0-or-later
# All executions of scenarios: intact ones pass completely; a knock-out fails, and repeats from its decisions.
. "$(dirname "$0")/../lib/harness/cli.sh"

ends 0 explore --list
for name in fault_vs_fault pin_vs_fork migrate_vs_waiters; do
	shows "$name "
done
refuses "invalid number of preemptions 'x'" explore pin_vs_fork --preemptions x
refuses "invalid decisions '5'" explore pin_vs_fork --decisions 5
case $("$FAULTLINE" --version) in
*explore*) ;;
*)
	refuses 'use build/explore/faultline (cmake --preset explore)' explore pin_vs_fork
	exit 0
	;;
esac

refuses 'no scenario given' explore
refuses "did you mean 'pin_vs_fork'?" explore pin_vs_frok
refuses 'asks the live kernel' explore live_touch
ends 0 explore cow_vs_cow hmm_vs_dontneed --preemptions 1
[ "$(grep -cE '^[a-z_]+/policy:[^ ]* all [0-9]+ executions up to 1 preemptions explored \([0-9.]+ s\)$' out)" = 2 ] ||
	surprise 'not all is explored'
ends 0 explore page_out_vs_direct_read
ends 0 explore pin_vs_fork --executions 20
shows ': stopped after 20 executions (--executions), not complete; all '

# A thread makes thousands of steps before it is preempted; it waits for a lock that an oracle holds.
ends 0 explore collapse_vs_pin
shows 'executions up to 2 preemptions explored'
ends 1 explore collapse_vs_pin --preemptions 1 --knockout collapse:refs
ends 1 explore collapse_vs_pin --knockout gup:pmd-recheck

# A knock-out is found. What its decisions repeat fails in the same way.
ends 0 explore cow_vs_cow_threads --preemptions 0 --knockout fault:recheck
ends 1 explore cow_vs_cow_threads --knockout fault:recheck
reports ' failed, with 1 preemptions at most, after '
reports 'what it passed, in '
sed -n '1,/detected by/p' err | grep -v execution | sed 's/0x[0-9a-f]*/ADDRESS/g' >first
grep -q '^detected by: at rest$' first || surprise 'another detector'
command=$(sed -n 's/^repeat with: faultline //p' err)
ends 1 $command
sed -n '1,/detected by/p' err | sed 's/0x[0-9a-f]*/ADDRESS/g' | cmp -s - first || surprise 'the decisions repeat something else'

# A campaign hunts by executions, and by serial schedules.
ends 0 knockouts truncate:sync-leaf spin-lock:A --kills 2 --clean-seconds 1
shows 'truncate:sync-leaf: killed: assertion in '
shows 'spin-lock:A: killed: data race in '
shows 'no alarm'
ends 1 knockouts truncate:sync-leaf --how 'explore fault_vs_fault --preemptions 1' --clean-seconds 0
shows 'truncate:sync-leaf: not exercised'
ends 1 knockouts gup-fork:A --how 'explore pin_vs_fork --preemptions 0' --clean-seconds 0
shows 'gup-fork:A: survived'
ends 1 knockouts truncate:sync-leaf --how 'explore fly'
reports 'cannot be run: '
