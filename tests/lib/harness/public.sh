# SPDX-License-Identifier: GPL-2.0-or-later
# Which names of the core are declared, and which are used outside of it: by text, since symbol tables have no types, no
# macros and no inline functions. After lint.sh, whose code() and scratch this needs.

# visible_headers: those that core/faultline.h includes, by way of others too.
visible_headers() {
	code core | grep -E '^core/[^:]*\.h:.*#[ \t]*include[ \t]*"' | sed -E 's/:.*"(.*)".*/ \1/' | awk '
	{ includes[$1] = includes[$1] " " $2 }
	function follow(file, list, n, i) {
		if (seen[file]++)
			return
		print file
		n = split(includes[file], list, " ")
		for (i = 1; i <= n; i++)
			follow(list[i])
	}
	END { follow("core/faultline.h") }'
}

# declared_names: HEADER NAME KIND for each name that one of them declares outside of functions and structures; KIND is
# "call" for what has arguments.
declared_names() {
	visible_headers >"$scratch/visible"
	code core | awk '
	FNR == NR { visible[$1] = 1; next }
	{
		header = $0
		sub(/:.*/, "", header)
		if (header in visible)
			print
	}' "$scratch/visible" - | awk '
	function declare(name, kind) {
		if (name != "" && name !~ /^FAULTLINE_CORE_/ && !seen[name]++)
			print header "\t" name "\t" kind
	}
	# Constants between the braces of an enum; a list is expanded to PREFIX_ and an identifier.
	function constants(text, list, n, i) {
		sub(/^.*{/, "", text)
		sub(/}.*$/, "", text)
		n = split(text, list, /,/)
		for (i = 1; i <= n; i++) {
			sub(/^[ \t]+/, "", list[i])
			if (match(list[i], /[A-Z]+_##/))
				declare(substr(list[i], RSTART, RLENGTH - 2) "*")
			else if (match(list[i], /^[A-Z][A-Z0-9_]*/) && list[i] !~ /^[A-Z_]+\(/)
				declare(substr(list[i], 1, RLENGTH))
		}
	}
	function declarations(text) {
		if (match(text, /^DECLARE_EVENT\([A-Z0-9_]+/)) {
			declare("EV_" substr(text, 15, RLENGTH - 14))
		} else if (match(text, /^(TAILQ|RB|LIST)_HEAD\([a-z_]+/)) {
			sub(/^.*\(/, "", text)
			sub(/,.*/, "", text)
			declare("struct " text)
		} else if (text ~ /^(typedef )?(struct|union|enum)( [A-Za-z_0-9]+\([^)]*\))* ?[a-z_0-9]* \{/) {
			kind = text ~ /enum/ ? "enum" : "struct"
			sub(/ \{.*/, "", text)
			sub(/^typedef /, "", text)
			n = split(text, word, " ")
			if (n > 1)
				declare(word[1] " " word[n])
		} else if (text ~ /^(typedef|extern) .*\(\*/) {
			sub(/^.*\(\*/, "", text)
			sub(/[)\[].*/, "", text)
			declare(text)
		} else if (text !~ /^extern/ && match(text, /[A-Za-z_][A-Za-z0-9_]*\(/)) {
			name = substr(text, RSTART, RLENGTH - 1)
			if (name !~ /^(_Static_assert|__attribute__|__aligned)$/)
				declare(name, "call")
		} else if (text ~ /^(typedef|extern) /) {
			sub(/[;\[].*/, "", text)
			sub(/^.*[ *]/, "", text)
			declare(text)
		}
	}
	{
		header = $0
		sub(/:.*/, "", header)
		text = $0
		sub(/^[^:]*:[0-9]+:/, "", text)
		if (header != before) {
			depth = continued = 0
			kind = ""
		}
		before = header
		if (text ~ /^#/ || continued) {
			if (!continued && match(text, /^#[ \t]*define[ \t]+[A-Za-z_0-9]+/)) {
				name = substr(text, RSTART, RLENGTH)
				sub(/^.*[ \t]/, "", name)
				declare(name, substr(text, RSTART + RLENGTH, 1) == "(" ? "call" : "")
			}
			continued = text ~ /\\$/
			if (kind != "enum" || text !~ /##/)
				next
			sub(/.*[ )]/, "", text)
		}
		if (!depth && text ~ /^[A-Za-z_]/) {
			declarations(text)
		}
		if (kind == "enum")
			constants(text)
		depth += gsub(/{/, "{", text) - gsub(/}/, "}", text)
		if (!depth && text ~ /}/)
			kind = ""
	}'
}

# used_names: HEADER NAME for each declared name that bench/, workloads/ or examples/ use. A function or macro with
# arguments is used where it is called and the file defines none of that name; members (a.name, a->name) and words in
# strings are no use.
used_names() {
	declared_names >"$scratch/declared"
	code bench workloads examples |
		sed -E 's/^([^:]*):[0-9]+:/\1\t/; /\t#[ \t]*include/d; s/"(\\.|[^"\\])*"//g' | awk '
	BEGIN { FS = "\t" }
	FNR == NR {
		header[$2] = $1
		kind[$2] = $3
		if ($2 ~ /\*$/)
			prefixes[substr($2, 1, length($2) - 1)] = $2
		next
	}
	function use(name) {
		if (!(name in header) || kind[name] == "call" && (rest !~ /^\(/ || (file, name) in own))
			return
		if (!used[name]++)
			print header[name] "\t" name
	}
	{
		file = $1
		rest = substr($0, length($1) + 2)
		before = ""
		if (match(rest, /^static [^=;(]*[ *][a-z_0-9]+\(/)) {
			word = substr(rest, RSTART, RLENGTH - 1)
			sub(/^.*[ *]/, "", word)
			own[file, word] = 1
		}
		while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
			word = substr(rest, RSTART, RLENGTH)
			prior = substr(rest, 1, RSTART - 1)
			rest = substr(rest, RSTART + RLENGTH)
			if (before ~ /^(struct|union|enum)$/ && prior ~ /^[ \t]+$/)
				use((before == "enum" ? "enum " : "struct ") word)
			else if (prior !~ /(\.|->)$/) {
				use(word)
				if (match(word, /^[A-Z]+_/) && substr(word, 1, RLENGTH) in prefixes)
					use(prefixes[substr(word, 1, RLENGTH)])
			}
			before = word
		}
	}' "$scratch/declared" - | LC_ALL=C sort
}
