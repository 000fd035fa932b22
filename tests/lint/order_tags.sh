# SPDX-License-Identifier: GPL-2.0-or-later
# Every ORDER tag has both sides, every mention of a tag is of one that exists, every stand-alone fence has a tag.
. "$(dirname "$0")/../lib/lint.sh"

# A tag after the word "with" is a mention of the other side; elsewhere it marks the place itself.
tags() {
	sources core | xargs -r awk '
	FNR == 1 { mention = 0 }
	{
		line = $0
		while (match(line, /ORDER\[[^]]*\]|[Ww]ith[ \t(]|[Ww]ith$|[.;:]([ \t]|$)/)) {
			token = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
			if (token ~ /^ORDER/)
				print mention ? "mention" : "place", substr(token, 7, length(token) - 7), FILENAME ":" FNR
			else
				mention = token ~ /^[Ww]ith/
		}
		if ($0 ~ /\*\//)
			mention = 0
	}'
}

unpaired() {
	tags | awk '
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
	sources core | grep -v '^core/base/atomic.h$' | xargs -r awk '
	FNR == 1 { tagged = -99; inside = 0 }
	/ORDER\[/ { tagged = FNR }
	{
		text = $0
		gsub(/\/\*.*\*\//, "", text)
		if (inside && !sub(/.*\*\//, "", text))
			next
		inside = sub(/\/\*.*/, "", text)
	}
	text ~ /(smp_r?w?mb(__after_atomic)?|atomic_thread_fence|__sync_synchronize)[ \t]*\(/ && FNR - tagged > 6 {
		print FILENAME ":" FNR ": a fence without an ORDER tag in the 6 lines above"
	}'
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
catches 'a fence without' 'printf "/* ORDER[x:A] ORDER[x:B] */\n\n\n\n\n\n\n\tsmp_wmb(); /* x */\n" > core/base/planted.c'
catches 'a fence without' 'printf "void f(void)\n{\n\tsmp_mb__after_atomic();\n}\n" > core/base/planted.c'
