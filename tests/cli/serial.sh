# SPDX-License-Identifier: GPL-2.0-or-later
# One thread at a time: sound workloads pass with every schedule; a failure is shrunk, and repeats exactly.
. "$(dirname "$0")/../lib/harness/cli.sh"

if ! "$FAULTLINE" list --syncpoints >out 2>err; then
	refuses 'this build has no sync points' stress jumble --serial
	exit 0
fi

refuses '--trace needs --serial' stress jumble --trace
refuses "invalid depth '0'" stress jumble --serial --depth 0
refuses "more than 16 changes, or an invalid one: '3,x'" stress jumble --serial --changes 3,x
refuses 'asks the live kernel' stress live_touch --serial

# Of all kinds of operations, and with the locks of every policy.
ends 0 stress jumble --serial --episodes 40
shows 'passed: jumble/policy:linux-6.15/payload:64, 3 threads, 40 episodes of '
ends 0 stress jumble --serial --episodes 10 --policy all --threads 2
shows 'passed: jumble/policy:linux-2.6.14/'
ends 0 stress mremap_vs_fault truncate_vs_fault swap_vs_fault hmm_vs_invalidate gup_vs_fork thp_fault anon_vma_churn --serial --episodes 3

# The same seed, the same steps: two runs, in two processes, at different addresses.
ends 0 stress jumble --serial --episodes 1 --seed 4 --trace
mv out first
ends 0 stress jumble --serial --episodes 1 --seed 4 --trace
cmp -s first out || surprise 'two interleavings of one seed'
grep -q ' worker 1, worker [0-9]* .* ptl.locked$' out || surprise 'no steps in the trace'
ends 0 stress jumble --serial --episodes 1 --seed 5 --trace
! cmp -s first out || surprise 'one interleaving of two seeds'

# A failure is found, printed with its seed, shrunk and shown turn by turn. A failure that one thread can cause is shown
# with one.
ends 1 stress jumble --serial --knockout gather:put --threads 3 --rounds 16 --seed 9
reports ' failed, after '
reports 'disabled: '
grep -qE '^smaller: seed [0-9]+, 1 threads, [1-6] operations, 0 changes$' err || surprise 'the schedule is not shrunk'
reports 'what it passed, in '
reports ' worker 0, worker 1 '
! grep -q ' worker 1, ' err || surprise 'more than one worker'
ends 1 stress jumble --serial --knockout pte-lock --rounds 32 --episodes 3000
grep -qE '^smaller: seed [0-9]+, [23] threads, [2-9] operations, ' err || surprise 'the schedule is not shrunk'
reports ' worker 1, worker '
small=$(sed -n '/^smaller: /,$s/0x[0-9a-f]*/ADDRESS/gp' err)
command=$(sed -n 's/^repeat with: faultline //p' err | tail -n 1)
ends 1 $command
[ "$(sed -n '/^faultline: /,$s/0x[0-9a-f]*/ADDRESS/gp' err)" = "$small" ] || surprise 'the shrunk schedule fails in another way'

# A schedule in which no thread can run is a deadlock, not a hang.
ends 1 stress jumble --serial --knockout rwsem-wait:B --no-shrink
reports 'deadlock: worker '
reports 'detected by: deadlock'
reports ' waits for a wake-up'
