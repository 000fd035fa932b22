# SPDX-License-Identifier: GPL-2.0-or-later
# A failure's token repeats it step by step, in the words of stress; a damaged one is refused. Two runs agree.
. "$(dirname "$0")/../lib/harness/cli.sh"

if ! "$FAULTLINE" list --syncpoints >out 2>err; then
	refuses 'this build has no sync points' replay fl1-AA
	exit 0
fi

# The interleaving of the file $1, without addresses.
steps() {
	sed -n '/^   step /,/^re[a-z]* with: /{/^re[a-z]* with: /d;s/0x[0-9a-f]*/ADDRESS/g;p}' "$1"
}

ends 1 stress jumble --serial --knockout gather:put --threads 2 --rounds 16 --seed 9
token=$(sed -n 's/^replay with: faultline replay //p' err | tail -n 1)
sed -n 's/^repeat with: faultline //p' err | tail -n 1 >command
ends 1 $(cat command)
steps err >wanted
grep -q ' worker 0, worker ' wanted || surprise 'no steps in the trace'
ends 1 replay "$token" --twice
steps out | grep -v '^passed' >found
cmp -s wanted found || surprise 'replay shows other steps than stress'
reports ': failed twice at step '
reports 'detected by: at rest'
reports "replay with: faultline replay $token"
ends 1 replay "$token" --turns
shows 'what it passed, in '

# Changes of priority, the policy are in it.
ends 1 stress jumble --serial --knockout pte-lock --policy linux-6.15,pte_ptl=mm --rounds 16 --episodes 3000 --no-shrink
token=$(sed -n 's/^replay with: faultline replay //p' err | tail -n 1)
sed 's/0x[0-9a-f]*/ADDRESS/g' err | grep '^faultline: \|^detected by: ' | sort -u >wanted
ends 1 replay "$token"
sed 's/0x[0-9a-f]*/ADDRESS/g' err | grep '^faultline: \|^detected by: ' | sort -u >found
cmp -s wanted found || surprise 'replay fails in another way'

# Two runs of an episode have the same events.
ends 0 stress jumble --serial --twice --episodes 5
refuses '--twice needs --serial' stress jumble --twice

# No character may change, be missing or be one too many.
refuses 'give one token' replay
refuses "not a token: 'jumble'" replay jumble
refuses 'a token of version 2: this program reads version 1' replay "fl2-${token#fl1-}"
refuses 'a damaged token' replay "${token}A"
length=${#token}
at=4
while [ $at -lt "$length" ]; do
	before=$(printf %.${at}s "$token")
	rest=${token#"$before"}
	case $rest in
	A*) other=B ;;
	*) other=A ;;
	esac
	refuses 'a damaged token' replay "$before$other${rest#?}"
	at=$((at + 7))
	refuses 'a damaged token' replay "$before"
done
