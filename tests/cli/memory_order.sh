# SPDX-License-Identifier: GPL-2.0-or-later
# In explore builds, barriers that every x86 has anyway are missed in the core itself, and the core with them passes.
. "$(dirname "$0")/../lib/harness/cli.sh"

refuses "invalid memory order 'weak'" stress fault_vs_fault --serial --memory-order weak
case $("$FAULTLINE" --version) in
*explore*) ;;
*)
	refuses 'this build has no memory order but sc' stress fault_vs_fault --serial --memory-order c11
	refuses 'this build knows no accesses' stress fault_vs_fault --serial --coverage
	exit 0
	;;
esac

played="--serial --frames 2048 --memory-order c11 --seconds 60 --no-shrink"
found() { # KNOCKOUT SCENARIO
	ends 1 stress "$2" $played --knockout "$1"
	reports ' --memory-order c11'
}

found spin-lock:A fault_vs_fault
found page-ref:A pin_vs_reuse
found page-ref:B reuse_vs_fault
found gup-fork:A pin_vs_fork
token=$(sed -n 's/^replay with: faultline replay //p' err | tail -n 1)
ends 1 replay "$token"
reports 'in flight'

for order in tso c11; do
	ends 0 stress fault_vs_fault --serial --memory-order $order --frames 2048 --episodes 30
done

# Which orders of two accesses were seen; a steered run repeats as any other.
ends 0 stress fault_vs_fault --serial --frames 2048 --episodes 40 --coverage
shows 'never seen: '
seen=$(sed -n 's/^coverage: \([0-9]*\) of .*/\1/p' out)
[ "$seen" -ge 20 ] || surprise 'few orders were seen'
ends 1 stress cow_vs_cow_threads --serial --frames 2048 --seconds 60 --steer --no-shrink --knockout fault:recheck
command=$(sed -n 's/^repeat with: faultline //p' err)
ends 1 $command
