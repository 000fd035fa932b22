# SPDX-License-Identifier: GPL-2.0-or-later
# Every command tells about itself, and the lists name what there is.
. "$(dirname "$0")/../lib/cli.sh"

ends 0 --help
for command in list topo capture bench profile numa stress report; do
	shows "  $command "
done
for command in list topo capture bench profile numa stress report; do
	ends 0 $command --help
	shows "Usage: faultline $command"
	[ ! -s err ] || surprise "faultline $command --help complains"
done
ends 0 --version
shows ' page-table levels'

ends 0 list
for file in "$SOURCE"/workloads/*.c; do
	name=$(sed -n 's/^WORKLOAD(\([a-z0-9_]*\),$/\1/p' "$file")
	[ -z "$name" ] || shows "$name "
done
[ "$(sort out)" = "$(cat out)" ] || surprise 'workloads out of order'

ends 0 list --policies
for policy in linux-2.6.14 linux-2.6.15 linux-3.13 linux-6.4 linux-6.15; do
	shows "$policy "
done
shows 'pte_ptl=mm,'

ends 0 list --knockouts
for line in removes breaks 'seen by'; do
	[ "$(grep -c "^  $line  *[^ ]" out)" -eq "$(grep -c '^KNOCKOUT(' "$SOURCE"/core/base/knockout.def)" ] || surprise 'a knock-out half explained'
done
shows '  Linux    fork: lock VMAs of the parent process when forking'

ends 0 list --locking
shows 'mm->mmap_lock'
shows 'PTE-table PTL'

ends 0 list --layouts
for file in "$SOURCE"/workloads/layouts/*.layout; do
	shows "$(basename "$file" .layout) "
done

ends 0 list --events
shows 'page tables allocated'

"$FAULTLINE" list --syncpoints >out 2>err
case $? in
0) shows 'spin.wait' ;;
2) tells 'this build has no sync points' ;;
*) surprise 'faultline list --syncpoints' ;;
esac
