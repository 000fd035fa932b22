# SPDX-License-Identifier: GPL-2.0-or-later
# What races of litmus patterns print, and when they fail. That the patterns themselves show what they should: litmus.*,
# models.*.
. "$(dirname "$0")/../lib/harness/cli.sh"
: "${PLANTED:?the program with patterns that are wrong}"

ends 0 litmus --help
shows '--strict'
shows 'Never: not one of these races had the forbidden outcome.'
ends 0 litmus --list
shows 'gup-share          forbidden: a pinned page is shared or replaced'
shows 'without gup-share:A; hides on x86: '
[ "$(grep -c forbidden: out)" -eq "$(ls "$SOURCE"/workloads/litmus/*.c | wc -l)" ] || surprise 'not one pattern for each file'

# Only what was asked for, and each part of it.
ends 0 litmus --seconds 0.05 gup-fork
[ "$(grep -cE '^(Never|Sometimes|Always) ' out)" -eq 3 ] || surprise 'not the intact pattern and two without a barrier'
grep -qE '^Never      gup-fork: in 0 of [1-9][0-9]*$' out || surprise 'no verdict'
shows 'gup-fork without gup-fork:A: in '
shows 'Never: not one of these races had the forbidden outcome.'
shows 'It does not mean that the'
shows '; hides on x86: '
shows '  found no pin, found the fork'

refuses "unknown pattern 'fly' (see faultline litmus --list)" litmus gup-fork fly
refuses "invalid time 'soon'" litmus --seconds soon
refuses "invalid time '0'" litmus --strict 0
refuses 'unknown option' litmus --fly

# An intact pattern that shows the outcome, and a removed barrier without effect.
sanitized=$("$FAULTLINE" --version | grep -c ', tsan build,')
FAULTLINE=$PLANTED
ends 1 --seconds 0.05 planted-intact
reports 'planted-intact: shows the forbidden outcome'
grep -qE '^Always     planted-intact: in ([1-9][0-9]*) of \1$' out || surprise 'no verdict'
shows '  one, two: this'
ends 0 --seconds 0.05 planted-idle
shows '  not one, not two'
[ "$(nproc)" -gt 1 ] && [ "$sanitized" -eq 0 ] || exit 0
ends 1 --seconds 0.05 --strict 0.1 planted-idle
reports 'planted-idle without nothing: never shows the outcome'
[ "$(wc -l <err)" -eq 1 ] || surprise 'more than one line on stderr'
