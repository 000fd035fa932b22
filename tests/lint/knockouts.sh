# SPDX-License-Identifier: GPL-2.0-or-later
# Every knock-out is built into the core, named by a test or a litmus pattern, and hunted by tests or models that exist.
# Every side of an ORDER tag has one, or a reason why not. A release paired with an acquire needs none: x86 has no weaker.
. "$(dirname "$0")/../lib/harness/lint.sh"
. "$(dirname "$0")/../lib/harness/order.sh"

# The reasons, one a line: TAG:SIDE, then the reason.
exempt=tests/lint/knockout_exempt.txt

# IDENT NAME of each knock-out
listed() {
	[ ! -f core/probe/knockout.def ] || sed -nE 's/^KNOCKOUT\(([A-Za-z0-9_]+),[[:space:]]*"([^"]*)".*/\1 \2/p' core/probe/knockout.def
}

unused() {
	listed | while read -r ident name; do
		grep -rqE "KNOCKED_OUT\($ident\)" core || echo "knock-out $name: not in the core"
		grep -rqE --include='*.c' "\"$name\"|\<(KO_)?$ident\>" tests workloads/litmus || echo "knock-out $name: in no test"
	done
}

# A line of hunt.def for each, whose programs come from files that are there.
unhunted() {
	listed | while read -r ident name; do
		grep -qE "^HUNT\($ident," bench/check/hunt.def || echo "knock-out $name: nothing hunts it"
	done
	sed -nE 's/.*"test ([a-z]+)\.([a-z_]+)(\.4)?".*/\1 \2 \3/p' bench/check/hunt.def | while read -r folder stem geometry; do
		[ -f "tests/$folder${geometry:+/geometry}/$stem.c" ] || echo "bench/check/hunt.def: no such test: $folder.$stem$geometry"
	done
	sed -nE 's/.*"model models\.([a-z_]+)".*/\1/p' bench/check/hunt.def | while read -r stem; do
		[ -f "workloads/litmus/$stem.c" ] || echo "bench/check/hunt.def: no such model: $stem"
	done
}

unproven() {
	{ listed; [ ! -f $exempt ] || awk '!/^#/ && NF > 1 { print "exempt", $1 }' $exempt; } >"$scratch/known"
	grep -rhoE 'ORDER\[[a-z0-9-]+:[AB]\]' core | tr -d '[]' | sed 's/^ORDER//' | sort -u >"$scratch/tags"
	order_messages >"$scratch/messages"
	while read -r tag; do
		grep -qE " $tag\$" "$scratch/known" || grep -qxF "${tag%:?}" "$scratch/messages" ||
			echo "ORDER[$tag]: neither a knock-out nor a reason in $exempt"
	done <"$scratch/tags"
	sed -n 's/^exempt //p' "$scratch/known" | while read -r tag; do
		grep -qxF "$tag" "$scratch/tags" || echo "$exempt: no such tag: $tag"
	done
}

check() {
	unused
	unhunted
	unproven
}

plant='echo "KNOCKOUT(PLANTED, \"planted:A\", \"\", \"\", \"\", \"\")" >> core/probe/knockout.def; mkdir -p tests/knockout'

tree_passes
catches 'planted:A: not in the core' "$plant; echo '\"planted:A\"' > tests/knockout/planted.c"
catches 'planted:A: in no test' "$plant; echo 'if (KNOCKED_OUT(PLANTED))' > core/base/planted.c"
catches 'planted:A: nothing hunts it' "$plant"
catches 'no such test: unit.planted' 'echo "HUNT(PLANTED, \"test unit.planted\")" >> bench/check/hunt.def'
catches 'no such model: planted' 'echo "HUNT(PLANTED, \"model models.planted\")" >> bench/check/hunt.def'
catches 'ORDER[planted:B]: neither' "$plant; echo '/* ORDER[planted:A] ORDER[planted:B] */' > core/base/planted.c"
catches 'ORDER[planted:B]: neither' "echo '/* ORDER[planted:B] */' > core/base/planted.c; echo 'planted:B' >> $exempt"
catches 'no such tag: gone:A' "echo 'gone:A it was here' >> $exempt"
