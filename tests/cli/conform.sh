# SPDX-License-Identifier: GPL-2.0-or-later
# The core agrees with the running kernel: in the sequences of tests/conform, and in random ones. The documentation has
# the table of exceptions. Where the running kernel cannot be compared, the message says why.
. "$(dirname "$0")/../lib/harness/cli.sh"

refuses "unknown theme 'guard'; did you mean 'guards'?" conform --theme guard
refuses "invalid number of operations '0'" conform --ops 0
refuses "unexpected argument 'x'" conform x
refuses 'no file given: --replay needs one or more' conform --replay
refuses 'no file given: --expect needs one or more' conform --expect
refuses 'give one of them' conform --expect --replay x
refuses '--json is for random sequences' conform --replay --json x x

ends 0 conform --list
for theme in plain merge guards cow files lock huge pressure; do
	shows "$theme "
done
grep '^- ' out >listed
grep -E '^- `[a-z-]+`: ' "$SOURCE/doc/semantics.md" | diff - listed >out || surprise 'doc/semantics.md has other exceptions'

"$FAULTLINE" conform --seed 3 --sequences 1 >out 2>err || true
if grep -q 'the running kernel cannot be compared: ' err; then
	cat err
	exit 0
fi
printf 'pages 8\n0 fly\n' >wrong.txt
ends 2 conform --replay wrong.txt
reports 'wrong.txt:2: no such operation'
ends 2 conform --replay missing.txt
ends 0 conform --replay "$SOURCE"/tests/conform/*.txt
[ "$(grep -cE '^(agrees|ends at an exception): ' out)" -eq "$(ls "$SOURCE"/tests/conform/*.txt | wc -l)" ] ||
	surprise 'not each file'
# With swap, where the kernel lets this test turn it on: it is off again even after SIGKILL.
ends 0 conform --swap --replay "$SOURCE"/tests/conform/*.txt
if ! grep -q '^swap stays off: ' out; then
	ends 0 conform --swap --expect "$SOURCE"/tests/conform/expect/*.txt
	shows ' checks: 0 failed; '
	ends 0 conform --swap --theme pressure --seconds 1 --seed 5
	shows '  exception swap-cache-incore: '
	mkdir area
	TMPDIR=$PWD/area "$FAULTLINE" conform --swap --theme pressure --seconds 60 >out 2>err &
	until file=$(ls area) && [ -n "$file" ] && grep -q "$file" /proc/swaps; do
		kill -0 $! 2>/dev/null || surprise 'the run ended before the signal'
	done
	kill -KILL $!
	wait $! || true
	while [ -e "area/$file" ]; do :; done
	! grep -q "$file" /proc/swaps || surprise 'swap is still on'
fi
ends 0 conform --expect "$SOURCE"/tests/conform/expect/*.txt
shows ' expectations, '
shows ' checks: 0 failed; '
printf 'case a hole\n0 munmap 0+1 = EINVAL\n' >unmet.txt
ends 1 conform --expect unmet.txt
reports 'unmet.txt:2: a hole: live: 0, not EINVAL'
reports 'unmet.txt:2: a hole: core: 0, not EINVAL'
ends 2 conform --expect wrong.txt

ends 0 conform --seed 5 --seconds 2 --json conform.json
shows ' operations in '
shows ': 0 divergences, '
grep -q '"divergences": 0' conform.json || surprise 'no results'
