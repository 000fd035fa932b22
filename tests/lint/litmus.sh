# SPDX-License-Identifier: GPL-2.0-or-later
# Every side of an ORDER tag is a part of a litmus pattern, so its removal is explored; every pattern is named as its
# file.
. "$(dirname "$0")/../lib/harness/lint.sh"
. "$(dirname "$0")/../lib/harness/order.sh"

unexplored() {
	order_messages >"$scratch/messages"
	grep -rhoE 'ORDER\[[a-z0-9-]+:[AB]\]' core | tr -d '[]' | sed 's/^ORDER//' | sort -u | while read -r side; do
		grep -qxF -- "${side%:?}" "$scratch/messages" ||
			grep -rqF -- "{ \"$side\"," workloads/litmus || echo "ORDER[$side]: in no litmus pattern"
	done
}

# A part named as a side is one of the core's.
unknown() {
	grep -rhoE '\{ "[a-z0-9-]+:[A-Z]' workloads/litmus | cut -c4- | sort -u | while read -r side; do
		grep -rqF -- "ORDER[$side]" core || echo "$side: a part of a pattern, and nowhere in the core"
	done
}

misnamed() {
	for file in workloads/litmus/*.c; do
		name=$(basename "$file" .c | tr _ -)
		grep -qF ".name = \"$name\"" "$file" || echo "$file: its pattern is not named $name"
	done
}

check() {
	unexplored
	unknown
	misnamed
}

pair='/* ORDER[planted:A] */\nvoid f(int *p)\n{\n\t%s(p);\n}\n/* ORDER[planted:B] */\nvoid g(int *p)\n{\n\t%s(p);\n}\n'

tree_passes
catches 'ORDER[planted:B]: in no' 'echo "/* ORDER[planted:B] */" > core/base/planted.c'
catches 'gone:A: a part' 'echo "{ \"gone:A\", NULL }" >> workloads/litmus/gup_share.c'
catches 'not named planted' 'mv workloads/litmus/gup_share.c workloads/litmus/planted.c'
catches 'ORDER[planted:A]: in no' "printf '$pair' store_release load_relaxed > core/base/planted.c"
catches 'ORDER[planted:A]: in no' "printf '$pair' load_acquire store_release > core/base/planted.c"
catches 'ORDER[planted:A]: in no' "printf '$pair' smp_mb smp_mb > core/base/planted.c"
