# SPDX-License-Identifier: GPL-2.0-or-later
# Stress passes sound workloads and prints what it covered; a failing workload fails it, and it prints how to repeat the
# failure.
. "$(dirname "$0")/../lib/harness/cli.sh"

brief='--axis pages:2048 --threads 3'

ends 0 stress fault_disjoint $brief --seconds 0.3
shows 'passed: fault_disjoint/policy:linux-6.15/pages:2048/payload:64, 3 threads'
shows 'exercised:'
shows '  page tables allocated'
ends 0 stress 'limit_l*' fault_disjoint $brief --policy linux-2.6.14,linux-6.4 --payload 4096 --rounds 2
shows 'passed: limit_lock, 3 threads'
shows 'passed: fault_disjoint/policy:linux-2.6.14/'
shows 'passed: fault_disjoint/policy:linux-6.4/'

# What met there.
ends 0 stress every_op --threads 3 --seconds 0.5
grep -qE '^met on a page: [1-9][0-9]* of [1-9][0-9]* pairs of operations, [1-9][0-9]* times; ran: [1-9]' out ||
	surprise 'no pairs of operations that met'

# repeats: the failure just seen came with a command, which fails in the same way.
repeats() {
	command=$(sed -n 's/^repeat with: faultline //p' err)
	[ -n "$command" ] || surprise 'no command that repeats it'
	ends 1 $command
	grep -qF "repeat with: faultline $command" err || surprise 'the second command differs'
}

# Too little memory to set up.
ends 1 stress fault_disjoint --axis pages:65536 --threads 4 --frames 1024 --seconds 0.2 --seed 5
reports '--seed 5'
reports '--frames 1024'
repeats

if ! "$FAULTLINE" list --syncpoints >out 2>err; then
	refuses 'this build has no knock-outs' stress fault_disjoint --knockout pte-lock
	refuses 'this build has no sync points' stress fault_disjoint --noise 5
	refuses 'this build has no sync points' stress fault_disjoint --stall spin.wait
	refuses 'unknown knock-out' stress fault_disjoint --knockout fly
	refuses 'this build has no detectors' stress fault_disjoint --full ages
	refuses 'this build has no detectors' stress fault_disjoint --max-hold 1s
	refuses 'this build has no detectors' list --detectors
	exit 0
fi

refuses "unknown knock-out 'fly' (see faultline list --knockouts)" stress fault_disjoint --knockout fly
refuses "unknown sync point 'fly' (see faultline list --syncpoints)" stress fault_disjoint --stall fly
ends 0 stress fault_disjoint $brief --seconds 0.3 --noise 100
shows ' at ptl.locked'
shows ' sync points hit; not:'

refuses "unknown detector 'fly' (see faultline list --detectors)" stress fault_disjoint --full fly
ends 0 list --detectors
shows 'ages '
shows 'shadow '

# Object ages, in short and in full.
ends 0 stress map_touch_unmap --seconds 0.5
shows 'ages, in grace periods'
shows '  page tables accessed: linked'
ends 0 stress map_touch_unmap --seconds 0.5 --full ages
grep -qE '  page tables accessed:  [0-9]+ at linked' out || surprise 'no ages in full'

# A bound on holds: no lock is held for a minute of processor time; each is for a microsecond, somewhere.
refuses "invalid time '0'" stress fault_disjoint --max-hold 0
ends 0 stress fault_disjoint $brief --seconds 0.3 --max-hold 60s --full hold-time
shows 'longest holds in processor time of the holder, 1 in 1 timed'
ends 1 stress fork_exit $brief --seconds 2 --max-hold 1us
reports 'hold time: '
reports 'detected by: hold-time'
reports '--max-hold 0.000001'
repeats

# A millisecond for all cases together is less for each: the command that repeats one names a time that is accepted.
ends 1 stress fault_disjoint fault_one_vma $brief --seconds 1ms --frames 1024
repeats

# A knock-out that the run never reached.
ends 0 stress walk_dense --axis pages:65536 --threads 1 --rounds 2 --knockout swap:freeze
reports 'never reached: swap:freeze'
ends 0 stress jumble --serial --episodes 3 --knockout swap:freeze --knockout pin-check
reports 'never reached: swap:freeze'

# A leaked page: detected by the oracle of the quiescent state.
ends 1 stress fault_disjoint $brief --rounds 2 --knockout gather:put
reports 'fault_disjoint'
reports 'has 1 references'
reports 'detected by: at rest'
reports 'times gather:put'
reports '--knockout gather:put'
repeats

# A thread that stops while it holds a lock: detected by the watchdog, which names it and the lock.
ends 1 stress fault_disjoint $brief --seconds 0.5 --stall ptl.locked --patience 2
reports 'nothing has moved for 2 s, while working'
reports '  stuck: worker '
reports 'holds PTE-table PTL'
grep -qE 'stuck: worker .*, in fault of 0x[0-9a-f]+ at 0x[0-9a-f]+' err || surprise 'no operation and address'
reports '--stall ptl.locked'

# Setting up many threads takes longer than the watchdog is patient, and makes progress. A sanitizer slows what comes
# then.
case $("$FAULTLINE" --version) in
*' tsan build,'* | *' asan build,'*) ;;
*) ends 0 stress fault_vs_map --threads 256 --rounds 1 --patience 1 ;;
esac

# A sleeper without a wake-up, and the lock that it waits for.
ends 1 stress jumble --seconds 2 --knockout rwsem-wait:B --patience 2
reports 'nothing has moved for 2 s'
grep -qE 'cpu [0-9]+ waits for .* 0x[0-9a-f]+ for (read|write), at core/' err || surprise 'no lock that is waited for'
