# SPDX-License-Identifier: GPL-2.0-or-later
# Every knock-out has all its texts, is used in the core, named by a test or a litmus pattern, and hunted by workloads, tests or
# models that exist.
# Every side of an ORDER tag has one, or a reason why not. A release paired with an acquire needs none: x86 has no weaker.
. "$(dirname "$0")/../lib/harness/lint.sh"
. "$(dirname "$0")/../lib/harness/order.sh"

# The reasons, one a line: TAG:SIDE, then the reason.
exempt=tests/lint/knockout_exempt.txt

unfinished() {
	grep -rhoE 'KNOCKED_OUT\([A-Z0-9_]+\)' core | tr '()' '  ' | cut -d ' ' -f 2 | sort -u >"$scratch/used"
	find tests workloads/litmus -name '*.c' 2>/dev/null | xargs -r grep -hoE '"[^"]*"|[A-Z][A-Z0-9_]+' | sort -u >"$scratch/words"
	order_knockouts | awk -v used="$scratch/used" -v words="$scratch/words" '
	BEGIN {
		while ((getline line <used) > 0)
			in_core[line]
		while ((getline line <words) > 0)
			in_tests[line]
		wants = split("removes breaks detected_by hunt", wanted)
	}
	{
		for (i = 1; i <= wants; i++)
			if (!index($0 " ", " " wanted[i] " "))
				print "knock-out " $3 ": " $1 " gives no ." wanted[i]
		if (!($2 in in_core))
			print "knock-out " $3 ": not in the core"
		if (!($2 in in_tests) && !(("\"" $3 "\"") in in_tests))
			print "knock-out " $3 ": in no test"
	}'
}

# Release builds use none, and list all.
conditional() {
	sources core | xargs -r awk '
	FNR == 1 { depth = 0 }
	/^#if/ { depth++ }
	/^#endif/ { depth-- }
	/^DEFINE_KNOCKOUT\(/ && depth { print FILENAME ":" FNR ": not in every build: " $0 }'
}

# What hunts run comes from files that are there.
unhunted() {
	sources core | xargs -r grep -hE '^([[:space:]]*\.hunt = |#define HUNT_)' >"$scratch/hunts"
	grep -vE '"(stress|serial|explore|test|model) |[ 	]HUNT_[A-Z]+ "|= HUNT_|HUNT_C11' "$scratch/hunts" | sed 's/^/a hunt: by what? /'
	sources workloads/scenario | xargs -r sed -nE 's/^SCENARIO\(([a-z0-9_]+),$/\1/p' >"$scratch/scenarios"
	sed -nE 's/.*"(explore|serial) ([a-z0-9_]+)[ "].*/\2/p' "$scratch/hunts" | while read -r stem; do
		grep -qx "$stem" "$scratch/scenarios" || [ -f "workloads/$stem.c" ] || echo "a hunt: no such scenario: $stem"
	done
	sed -nE 's/.*"stress ([a-z0-9_]+)[ "].*/\1/p' "$scratch/hunts" | while read -r stem; do
		[ -f "workloads/$stem.c" ] || echo "a hunt: no such workload: $stem"
	done
	sed -nE 's/.*"test ([a-z]+)\.([a-z_]+)(\.4)?".*/\1 \2 \3/p' "$scratch/hunts" | while read -r folder stem geometry; do
		[ -f "tests/$folder${geometry:+/geometry}/$stem.c" ] || echo "a hunt: no such test: $folder.$stem$geometry"
	done
	sed -nE 's/.*"model models\.([a-z_]+)".*/\1/p' "$scratch/hunts" | while read -r stem; do
		[ -f "workloads/litmus/$stem.c" ] || echo "a hunt: no such model: $stem"
	done
}

unproven() {
	{ order_knockouts | awk '{ print $2, $3 }'; [ ! -f $exempt ] || awk '!/^#/ && NF > 1 { print "exempt", $1 }' $exempt; } >"$scratch/known"
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
	unfinished
	conditional
	unhunted
	unproven
}

# plants FIELD...: a knock-out with these fields and the name.
plants() {
	printf 'mkdir -p tests/knockout; cat >core/base/plant.c <<END\nDEFINE_KNOCKOUT(PLANTED,\n\t.name = "planted:A"'
	for field; do
		printf ',\n\t.%s = "x"' "$field"
	done
	printf ');\nEND\n'
}

whole=$(plants removes breaks detected_by hunt)

tree_passes
catches 'planted:A: not in the core' "$whole
	echo '\"planted:A\"' > tests/knockout/planted.c"
catches 'planted:A: in no test' "$whole
	echo 'if (KNOCKED_OUT(PLANTED))' > core/base/planted.c"
catches 'planted:A: core/base/plant.c gives no .removes' "$(plants breaks detected_by hunt)"
catches 'planted:A: core/base/plant.c gives no .breaks' "$(plants removes detected_by hunt)"
catches 'planted:A: core/base/plant.c gives no .detected_by' "$(plants removes breaks hunt)"
catches 'planted:A: core/base/plant.c gives no .hunt' "$(plants removes breaks detected_by)"
catches 'core/base/plant.c:2: not in every build: ' "$whole
	sed -i '1i #if FAULTLINE_CHECK' core/base/plant.c"
catches 'no such workload: planted' "printf '\t.hunt = \"stress planted --noise 100\");\n' > core/base/planted.c"
catches 'no such workload: planted' "printf '#define HUNT_PLANTED\t\"stress planted\"\n' > core/base/planted.h"
catches 'no such scenario: planted' "printf '\t.hunt = \"explore planted\");\n' > core/base/planted.c"
catches 'no such scenario: planted' "printf '\t.hunt = \"serial planted\" HUNT_C11);\n' > core/base/planted.c"
catches 'by what? ' "printf '\t.hunt = \"search planted\");\n' > core/base/planted.c"
catches 'no such test: unit.planted' "printf '\t.hunt = \"test unit.planted\");\n' > core/base/planted.c"
catches 'no such model: planted' "printf '\t.hunt = \"model models.planted\");\n' > core/base/planted.c"
catches 'ORDER[planted:B]: neither' "$whole
	echo '/* ORDER[planted:A] ORDER[planted:B] */' > core/base/planted.c"
catches 'ORDER[planted:B]: neither' "echo '/* ORDER[planted:B] */' > core/base/planted.c; echo 'planted:B' >> $exempt"
catches 'no such tag: gone:A' "echo 'gone:A it was here' >> $exempt"
