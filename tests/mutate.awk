# SPDX-License-Identifier: GPL-2.0-or-later
# Small errors of C code, one at a time. Lists where each may be made, as LINE:ERROR; or, with -v at=LINE:ERROR, makes it.
#
#   drop       a statement that stores, orders, locks, counts or flushes is removed
#   weaken     an acquire or a release becomes relaxed
#   unlock     an unlock changes places with the statement before it
#   lock       a lock changes places with the statement behind it
#   swap       a store changes places with the statement behind it
#   check      a condition never holds, so that what it guards is not done
#   bound      < and <= are exchanged, as are > and >=
#   twice      a count is made twice
#
# With -v doubt=LINE:ERROR it says why that one may change nothing, or nothing.

function statement(text) { return text ~ /^\t+[^\t\/*#{}].*;$/ && text !~ /^\t+(return|goto|break|continue|case|default|for|if|else|while|do)/ && !declaration(text) }
function declaration(text) { return text ~ /^\t+(const |static |struct |enum |unsigned |u?int|bool|size_t|pte_t|pmd_t|pud_t|void|RETRY_LOOP)/ }
function same_depth(one, other) { match(one, /^\t+/); depth = RLENGTH; match(other, /^\t+/); return depth == RLENGTH }
function stores(text) { return text ~ /(store|xchg|fetch|cmpxchg|set|clear|add|sub)_?[a-z_]*\(/ || text ~ /->[a-z_]+ [-+|&]?= / || text ~ /(\+\+|--);$/ }
function assigns(text) { return text ~ /^\t+[a-z_]+((->|\.)[a-z_]+)* = [^(]*;$/ }
function unordered(text) { return assigns(text) || text ~ /^\t+store_relaxed\(/ }
function locks(text) { return text ~ /^\t+[a-z_]*lock[a-z_]*\(.*\);$/ && text !~ /unlock|_init\(/ }
function counts(text) { return text ~ /^\t+(mm_count|count_event|count_own)\(/ }
function watches(text) { return text ~ /^\t+(count_events?|lock_wait_(begin|end)|[a-z_]*assert[a-z_]*)\(/ }
function can(error, n) { candidates[n ":" error] = 1; if (!at && !doubt) print n ":" error }

{ line[NR] = $0; if ($0 ~ /^DEFINE_|^DECLARE_/) defining = 1; skip[NR] = defining || $0 ~ /KNOCKED_OUT|SYNCPOINT|ASSERT|BUG_ON|^#/; if ($0 ~ /;$/) defining = 0 }

END {
	for (i = 1; i <= NR; i++) {
		text = line[i]
		if (skip[i] || text !~ /^\t/ || text ~ /^\t+[\/ ]?\*/)
			continue
		if (statement(text) && (stores(text) || text ~ /smp_mb|lock|_get\(|_put\(|_(inc|dec)[a-z_]*\(|flush|wake|begin|end|get_page|put_page/))
			can("drop", i)
		if (text ~ /_(acquire|release|acq_rel)\(/)
			can("weaken", i)
		if (i > 1 && text ~ /^\t+[a-z_]*unlock[a-z_]*\(.*\);$/ && statement(line[i - 1]) && same_depth(text, line[i - 1]) && !skip[i - 1])
			can("unlock", i)
		if (locks(text) && statement(line[i + 1]) && same_depth(text, line[i + 1]) && !skip[i + 1])
			can("lock", i)
		if (statement(text) && stores(text) && statement(line[i + 1]) && stores(line[i + 1]) && same_depth(text, line[i + 1]) && !skip[i + 1])
			can("swap", i)
		if (text ~ /^\t+(else )?if \(.*\)( \{)?$/ && balanced(text))
			can("check", i)
		if (text ~ /^\t+(for|if|while|} while|return) ?.* [<>]=? /)
			can("bound", i)
		if (statement(text) && text ~ /(count|account|_add|_sub|_inc|_dec)[a-z_]*\(|(\+\+|--|[-+]= .*);$/)
			can("twice", i)
	}
	if (doubt) {
		split(doubt, where, ":")
		n = where[1] + 0
		if (where[2] == "swap" && unordered(line[n]) && unordered(line[n + 1]))
			print "plain and relaxed stores, whose order no reader relies on"
		else if (where[2] == "lock" && locks(line[n + 1]))
			print "two locks, whose order the ranks assert"
		else if ((where[2] == "unlock" && counts(line[n - 1])) || (where[2] == "lock" && counts(line[n + 1])))
			print "a count that no lock protects"
		else if (watches(line[n]) || (where[2] == "unlock" && watches(line[n - 1])) ||
			 (where[2] ~ /lock|swap/ && watches(line[n + 1])))
			print "a figure, or an assertion"
	}
	if (!at)
		exit
	split(at, where, ":")
	if (!(at in candidates)) {
		print "mutate: no such place: " at >"/dev/stderr"
		exit 1
	}
	n = where[1] + 0
	if (where[2] == "drop")
		line[n] = "\t;"
	else if (where[2] == "weaken")
		sub(/_(acquire|release|acq_rel)\(/, "_relaxed(", line[n])
	else if (where[2] == "unlock")
		exchange(n - 1)
	else if (where[2] == "lock" || where[2] == "swap")
		exchange(n)
	else if (where[2] == "check") {
		sub(/if \(/, "if (false \\&\\& (", line[n])
		sub(/\)( \{)?$/, ")&", line[n])
	} else if (where[2] == "bound")
		line[n] = exchanged(line[n])
	else
		line[n] = line[n] line[n]
	for (i = 1; i <= NR; i++)
		print line[i]
}

function balanced(text) { return gsub(/\(/, "(", text) == gsub(/\)/, ")", text) }
function exchange(n) { text = line[n]; line[n] = line[n + 1]; line[n + 1] = text }
function exchanged(text)
{
	match(text, / [<>]=? /)
	sign = substr(text, RSTART + 1, RLENGTH - 2)
	return substr(text, 1, RSTART) (sign ~ /=/ ? substr(sign, 1, 1) : sign "=") substr(text, RSTART + RLENGTH - 1)
}
