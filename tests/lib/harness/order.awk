# SPDX-License-Identifier: GPL-2.0-or-later
# Reads C files; prints one line for each tag, class, ordered access and fence, with tabs between its fields:
#
#   place     TAG FILE:LINE FUNCTION REASON   the tag marks this place; FUNCTION is - in the comment that opens a file
#   mention   TAG FILE:LINE                   the other side's: a tag after the word "with"
#   class     CLASS FILE:LINE                 "ORDER: CLASS" marks this place
#   carries   TAG FILE:LINE OPERATION         an access that acquires, releases, or is sequentially consistent, marked by TAG
#   unmarked  FILE:LINE OPERATION             one without a mark
#   fence     TAG FILE:LINE                   a stand-alone fence marked by TAG
#   bare      FILE:LINE                       one without a tag
#
# A mark is in the line, or in a comment that ends at most 4 lines above: a knock-out's branch fits between.

function finish_places(name,    i) {
	for (i = 1; i <= nr_places; i++)
		print "place\t" tag[i] "\t" at[i] "\t" name "\t" reason[i]
	nr_places = 0
}

# The text that follows the tag, to the next tag, without the pairing.
function reason_of(text) {
	sub(/ORDER\[[a-z0-9-]*:[AB]\] and .*/, "", text)
	gsub(/[;.,]? ?[Pp]airs? with ORDER\[[^]]*\](,? and ORDER\[[^]]*\])?( in [a-z_.]*[a-z](\(\))?)?/, "", text)
	sub(/ORDER: .*/, "", text)
	sub(/ORDER\[.*/, "", text)
	gsub(/[ \t]+/, " ", text)
	sub(/^[ :]+/, "", text)
	sub(/[ .;]+$/, "", text)
	return text
}

function mark(by) {
	if (marked != FNR)
		nr_active = 0
	marked = FNR
	if (by != "")
		active[++nr_active] = by
}

function comment_ends(    text, token, mention) {
	text = comment
	while (match(text, /ORDER\[[^]]*\]|[Ww]ith[ \t(]|[.;:]([ \t]|$)/)) {
		token = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (token !~ /^ORDER/) {
			mention = token ~ /^[Ww]ith/
			continue
		}
		token = substr(token, 7, length(token) - 7)
		if (mention) {
			print "mention\t" token "\t" FILENAME ":" FNR
			continue
		}
		mark(token)
		nr_places++
		tag[nr_places] = token
		at[nr_places] = FILENAME ":" FNR
		reason[nr_places] = reason_of(text)
	}
	text = comment
	while (match(text, /ORDER: [a-z-]+/)) {
		print "class\t" substr(text, RSTART + 7, RLENGTH - 7) "\t" FILENAME ":" FNR
		mark("")
		text = substr(text, RSTART + RLENGTH)
	}
	if (opening)
		finish_places("-")
	else if (inside_function)
		finish_places(function_name)
}

# The name before the first parenthesis of a line at the left margin.
function name_of(text) {
	sub(/\(.*/, "", text)
	sub(/.*[ *\t]/, "", text)
	return text
}

BEGIN {
	access = "(load|store|xchg|try_cmpxchg|fetch_[a-z]+)_(acquire|release|acq_rel|seq_cst)\\("
	fence = "(smp_r?w?mb(__after_atomic)?|atomic_thread_fence|__sync_synchronize)[ \t]*\\("
}
FNR == 1 {
	finish_places("-")
	nr_active = 0
	inside_comment = inside_function = 0
	function_name = "-"
	marked = -99
}
{
	rest = $0
	code = ""
	while (rest != "") {
		cut = index(rest, inside_comment ? "*/" : "/*")
		part = cut ? substr(rest, 1, cut - 1) : rest
		rest = cut ? substr(rest, cut + 2) : ""
		if (!inside_comment) {
			code = code part
		} else {
			sub(/^[ \t]*\*?[ \t]?/, "", part)
			comment = comment " " part
		}
		if (!cut)
			continue
		inside_comment = !inside_comment
		if (inside_comment) {
			comment = ""
			opening = FNR <= 2
		} else {
			comment_ends()
		}
	}
}
code ~ /^[a-zA-Z_].*\(/ && code !~ /;[ \t]*$/ {
	function_name = name_of(code)
	finish_places(function_name)
}
code ~ /^#[ \t]*define [a-z_0-9]+\(/ {
	function_name = name_of(code)
	finish_places(function_name)
}
code ~ /^\{/ { inside_function = 1 }
code ~ /^\}/ { inside_function = 0 }
{
	while (match(code, access)) {
		operation = substr(code, RSTART, RLENGTH - 1)
		code = substr(code, RSTART + RLENGTH)
		if (FNR - marked > 4)
			print "unmarked\t" FILENAME ":" FNR "\t" operation
		for (i = 1; i <= nr_active && FNR - marked <= 4; i++)
			print "carries\t" active[i] "\t" FILENAME ":" FNR "\t" operation
	}
	if (code ~ fence && (!nr_active || FNR - marked > 4))
		print "bare\t" FILENAME ":" FNR
	else if (code ~ fence)
		for (i = 1; i <= nr_active; i++)
			print "fence\t" active[i] "\t" FILENAME ":" FNR
}
END { finish_places("-") }
