# SPDX-License-Identifier: GPL-2.0-or-later
# The marks of memory order in core/: tags, classes, accesses. After lint.sh.
order_awk=$SOURCE/tests/lib/harness/order.awk

# order_scan [GREP-OPTION PATTERN]: what order.awk prints about the files of core/ that grep selects; all without arguments.
order_scan() {
	sources core | { [ $# -eq 0 ] && cat || grep "$@"; } | xargs -r awk -f "$order_awk"
}

# Each knock-out of core/, one a line: FILE IDENT NAME FIELD..., the fields that it has without the name.
order_knockouts() {
	sources core | xargs -r awk '
	/^DEFINE_KNOCKOUT\(/ { ident = $0; gsub(/^DEFINE_KNOCKOUT\(|,.*/, "", ident); name = fields = "" }
	ident != "" && /^\t\.[a-z_]+ = / {
		split($0, part, "\"")
		if ($1 == ".name")
			name = part[2]
		else
			fields = fields " " substr($1, 2)
	}
	ident != "" && /\);$/ { print FILENAME, ident, name fields; ident = "" }'
}

# Tags that are plain message passing: side A is a release, side B an acquire, at every place and with no fence. The litmus
# pattern "message" has their shape, and x86 has no weaker instruction for either side.
order_messages() {
	order_scan | awk -F '\t' '
	function side(tag) { return substr(tag, length(tag)) }
	function pair(tag) { return substr(tag, 1, length(tag) - 2) }
	$1 == "place" && $4 != "-" { places[$2]++ }
	$1 == "fence" { other[pair($2)] = 1 }
	$1 == "carries" {
		carried[$2]++
		if ($4 !~ (side($2) == "A" ? "release|acq_rel|seq_cst" : "acquire|acq_rel|seq_cst"))
			other[pair($2)] = 1
	}
	END {
		for (tag in places)
			if (carried[tag] < places[tag])
				other[pair(tag)] = 1
		for (tag in places)
			if (side(tag) == "A" && (pair(tag) ":B") in places && !(pair(tag) in other))
				print pair(tag)
	}' | sort
}

# The rows of the table of tags, as Markdown. The reason of a side is that of the place that says what is lost, or the longest.
order_table() {
	{
		order_knockouts | awk '$3 ~ /:[AB]$/ { print "knockout\t" $3 }'
		for file in workloads/litmus/*.c; do
			printf 'litmus\t%s\n' "$(basename "$file" .c | tr _ -)"
		done
		order_messages | sed 's/^/message\t/'
		order_scan
	} | awk -F '\t' '
	function add(list, item, by) { return list == "" ? item : index(list, item) ? list : list by item }
	function sentence(text, word) {
		gsub(/@/, "", text)
		split(text, word, / /)
		return (word[1] ~ /[_(]/ ? text : toupper(substr(text, 1, 1)) substr(text, 2)) "."
	}
	$1 == "knockout" { knockout[$2] = 1; next }
	$1 == "litmus" { litmus[$2] = 1; next }
	$1 == "message" { message[$2] = 1; next }
	$1 == "place" && $4 != "-" {
		pair = substr($2, 1, length($2) - 2)
		known[pair] = 1
		file = $3
		sub(/^core\//, "", file)
		sub(/:[0-9]*$/, "", file)
		places[$2] = add(places[$2], "`" $4 "()` in `" file "`", ", ")
		text = $5
		weaker_at = index(text, "Weaker: ")
		weight = length(text) - 1000 * (text ~ /^(as in|as a|likewise)/)
		if (weaker_at) {
			weight += 1000
			if (!(pair in weaker))
				weaker[pair] = substr(text, weaker_at + 8)
			text = substr(text, 1, weaker_at - 1)
			sub(/[ .;]+$/, "", text)
		}
		if (!($2 in reason) || weight > heaviest[$2]) {
			reason[$2] = text
			heaviest[$2] = weight
		}
	}
	END {
		for (pair in known) {
			line = "| `" pair "`"
			checks = ""
			for (i = 1; i <= 2; i++) {
				tag = pair ":" substr("AB", i, 1)
				line = line " | " sentence(reason[tag]) " " places[tag]
				if (tag in knockout)
					checks = add(checks, "knock-out `" tag "`", ", ")
			}
			pattern = pair in litmus ? pair : pair in message ? "message" : ""
			if (pattern != "")
				checks = add(checks, "litmus `" pattern "`", ", ")
			print line " | " (pair in weaker ? sentence(weaker[pair]) : "") " | " checks " |"
		}
	}' | LC_ALL=C sort
}

# The classes that core/base/atomic.h defines, as rows of a table.
order_classes() {
	sed -nE 's/^ \*   ORDER: ([a-z-]+)[[:space:]]+(.*)/| `\1` | \2 |/p' core/base/atomic.h
}
