# SPDX-License-Identifier: GPL-2.0-or-later
# Every side of an ORDER tag is a part of a litmus pattern, so that leaving it out is explored; every pattern is named as its file.
. "$(dirname "$0")/../lib/lint.sh"

unexplored() {
	grep -rhoE 'ORDER\[[a-z0-9-]+:[AB]\]' core | tr -d '[]' | sed 's/^ORDER//' | sort -u | while read -r side; do
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

tree_passes
catches 'ORDER[planted:B]: in no' 'echo "/* ORDER[planted:B] */" > core/base/planted.c'
catches 'gone:A: a part' 'echo "{ \"gone:A\", NULL }" >> workloads/litmus/gup_share.c'
catches 'not named planted' 'mv workloads/litmus/gup_share.c workloads/litmus/planted.c'
