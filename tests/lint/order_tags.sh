# SPDX-License-Identifier: GPL-2.0-or-later
# Every ORDER tag has both sides, every mention of a tag is of one that exists, every stand-alone fence has a tag.
. "$(dirname "$0")/../lib/harness/lint.sh"
. "$(dirname "$0")/../lib/harness/order.sh"

unpaired() {
	order_scan | awk -F '\t' '
	$1 != "place" && $1 != "mention" { next }
	$2 !~ /^[a-z0-9-]+:[AB]$/ { print $3 ": not a tag and a side: ORDER[" $2 "]"; next }
	{ all[$2] = $3 }
	$1 == "place" { placed[$2] = 1 }
	END {
		for (tag in all) {
			other = substr(tag, 1, length(tag) - 1) (tag ~ /A$/ ? "B" : "A")
			if (!(tag in placed))
				print all[tag] ": mentions ORDER[" tag "], which is nowhere"
			else if (!(other in placed))
				print all[tag] ": ORDER[" tag "] without ORDER[" other "]"
		}
	}'
}

untagged_fences() {
	order_scan -v -e '^core/base/atomic.h$' -e '^core/probe/access.c$' | awk -F '\t' '
	$1 == "bare" { print $2 ": a fence without an ORDER tag in the 4 lines above" }'
}

check() {
	unpaired
	untagged_fences
}

tree_passes
catches 'ORDER[planted:A] without' 'echo "/* ORDER[planted:A] pairs with ORDER[planted:B]. */" > core/base/planted.c'
catches 'ORDER[planted:B] without' 'echo "/* ORDER[planted:B] */" > core/base/planted.c'
catches 'which is nowhere' 'printf "/* ORDER[pl:A]; pairs with\n * ORDER[plan:B] */\n/* ORDER[pl:B] */" > core/base/planted.c'
catches 'not a tag' 'echo "/* ORDER[planted] */" > core/base/planted.c'
catches 'a fence without' 'printf "void f(void)\n{\n\tsmp_mb();\n}\n" > core/base/planted.c'
catches 'a fence without' 'printf "/* ORDER[x:A] ORDER[x:B] */\n\n\n\n\n\tsmp_wmb(); /* x */\n" > core/base/planted.c'
catches 'a fence without' 'printf "void f(void)\n{\n\tsmp_mb__after_atomic();\n}\n" > core/base/planted.c'
catches 'a fence without' 'echo "smp_mb(); /* ORDER: init */" > core/base/planted.c'
