# SPDX-License-Identifier: GPL-2.0-or-later
# Each disabled knock-out is hunted until a detector fires. The command fails if none does, if the disabled code was not
# reached, or if one fires with nothing disabled.
. "$(dirname "$0")/../lib/harness/cli.sh"

small='fault_disjoint --axis pages:2048'

if ! "$FAULTLINE" list --syncpoints >out 2>err; then
	refuses 'this build has no knock-outs' knockouts gather:put
	exit 0
fi

refuses "unknown knock-out 'fly'" knockouts fly
refuses 'invalid number of kills' knockouts --kills 0
refuses '--plot draws what --out writes' knockouts --plot gather:put
refuses "invalid way to detect 'wait'" knockouts gather:put --how wait

# Tests that were not built are reported before anything is hunted, from wherever the program is started.
refuses "knock-out 'gather:put' is detected by " knockouts gather:put --how 'test knockout.nowhere'
reports '/tests/knockout.nowhere, which is not built: configure with -DBUILD_TESTING=ON (cmake --preset check)'
mkdir alone
cp "$FAULTLINE" alone/faultline
built=$FAULTLINE
FAULTLINE=$scratch/alone/faultline
refuses 'which is not built: configure with ' knockouts
refuses '/alone/../explore/faultline, which is not built: configure with cmake --preset explore' knockouts gather:put --how \
	'explore fault_vs_fault'
FAULTLINE=$built

# Killed, and quiet without it.
ends 0 knockouts gather:put fault:recheck --kills 2 --clean-seconds 1 --out kills.json
shows 'gather:put: killed: '
shows 'fault:recheck: killed: '
shows '2 of 2 knock-outs killed'
shows 'no alarm'
grep -q '"name": "gather:put"' kills.json || surprise 'no kill in the JSON'
grep -q '"quiet": true' kills.json || surprise 'no clean run in the JSON'
[ "$(grep -c '"detector": ' kills.json)" -eq 4 ] || surprise 'not two kills of each'

# Alive: one thread alone needs no order.
ends 1 knockouts page-ref:A --how "stress $small --threads 1" --seconds 1 --clean-seconds 0
shows 'page-ref:A: survived'
reports '1 of 1 knock-outs not killed'

# Never disabled, since no thread reached it.
ends 1 knockouts gather:put --how 'stress limit_lock' --seconds 1 --clean-seconds 0
shows 'gather:put: not exercised'
reports '1 of 1 knock-outs not killed'

# A detector fires with nothing disabled: here because HOW disables another knock-out.
ends 1 knockouts page-ref:A --how "stress $small --knockout gather:put" --kills 1 --clean-seconds 1
shows 'an alarm'
reports 'with nothing disabled, '

# A HOW that cannot be run.
ends 1 knockouts gather:put --how 'stress fly'
reports 'cannot be run: '
