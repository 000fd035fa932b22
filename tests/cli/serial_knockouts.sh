# SPDX-License-Identifier: GPL-2.0-or-later
# A disabled knock-out is detected with one thread at a time, within some hundred schedules, and each failure repeats 20
# times of 20.
. "$(dirname "$0")/../lib/harness/cli.sh"

"$FAULTLINE" list --syncpoints >out 2>err || exit 0
# A sanitizer sees some of it first, and says so in words of its own.
! grep -q '^FAULTLINE_SANITIZE:STRING=.' "${BUILD:?the build folder}/CMakeCache.txt" || exit 0

# repeats TIMES: each time the command of the failure just seen fails at the same step, in the same words but for
# addresses.
repeats() {
	command=$(sed -n 's/^repeat with: faultline //p' err)
	sed -n '/^faultline: \|^detected by: /s/0x[0-9a-f]*/ADDRESS/gp' err >wanted
	i=0
	while [ $i -lt "$1" ]; do
		ends 1 $command
		sed -n '/^faultline: \|^detected by: /s/0x[0-9a-f]*/ADDRESS/gp' err >found
		cmp -s wanted found || surprise "time $i, another failure: $(cat wanted)"
		i=$((i + 1))
	done
}

# found WORKLOAD KNOCKOUT [OPTION...]
found() {
	workload=$1
	knockout=$2
	shift 2
	ends 1 stress "$workload" "$@" --serial --knockout "$knockout" --episodes 3000 --no-shrink
	grep -q "^disabled: .* times $knockout\$" err || surprise "$knockout: not disabled"
	repeats "${TIMES:-20}"
}

found jumble table-free:A
found jumble table-free:B
found jumble table-populate:recheck
found jumble spin-wait
found jumble vma-lock:writer-wait
found jumble vma-lock:range-recheck
found jumble fault:recheck
found jumble pte-lock
found jumble cow:reuse-check
found jumble fork:wrprotect
found jumble rwsem-wait:B
found jumble rwsem-read-wait
found gup_vs_fork pin-check
found hmm_vs_invalidate hmm-seq:B
found migrate_vs_fault folio-wait:B
# Fault-around has a check of its own.
found truncate_vs_fault file:truncated-recheck --policy linux-6.15,around=4k --rounds 200

# As many schedules with nothing disabled: no detector fires.
ends 0 stress jumble --serial --episodes 300
ends 0 stress gup_vs_fork hmm_vs_invalidate migrate_vs_fault truncate_vs_fault --serial --episodes 100
