# SPDX-License-Identifier: GPL-2.0-or-later
# A path that must be gone through, and was not, fails the run and is named.
. "$(dirname "$0")/../lib/harness/cli.sh"

if ! "$FAULTLINE" list --syncpoints >out 2>err; then
	refuses 'this build has no sync points' stress fault_disjoint --exercise 'ptl.*'
	exit 0
fi

brief='fault_disjoint --axis pages:2048 --threads 2 --rounds 2'

ends 0 stress $brief --exercise 'ptl.locked' --exercise 'ptl.map.*'
shows ' at ptl.locked'
ends 1 stress $brief --exercise 'ptl.locked' --exercise 'hugetlb.*'
reports 'not exercised: hugetlb.zapped'
! grep -q 'not exercised: ptl.locked' err || surprise 'a point that was hit is reported as never hit'
ends 0 stress $brief --exercise 'hugetlb.*' --exercise '!hugetlb.*'
ends 1 stress $brief --exercise '!hugetlb.*' --exercise 'hugetlb.zapped'
refuses "no sync point matches 'fly.*'" stress $brief --exercise 'fly.*'

# A run that fails of something else says nothing of it.
ends 1 stress $brief --exercise 'hugetlb.*' --knockout gather:put
! grep -q 'not exercised' err || surprise 'a second reason beside the failure'
