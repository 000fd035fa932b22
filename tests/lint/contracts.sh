# SPDX-License-Identifier: GPL-2.0-or-later
# Each function that a header of the core declares has a comment: right above it, or above the group of lines that it is
# in, without a blank line between; or one of the header names it before a dash, as in "f(), g() - what they do". None
# is needed for an accessor, whose body is one return statement, and for a second declaration of a name, as for builds
# without checks.
. "$(dirname "$0")/../lib/harness/lint.sh"

check() {
	sources core | grep '\.h$' | xargs -r awk '
	# Splits a line into code, and comment, to which the lines of one add up; said: some of the line is one.
	function split_comment(text, at) {
		code = ""
		said = inside
		while (text != "") {
			at = index(text, inside ? "*/" : "/*")
			if (inside)
				comment = comment " " (at ? substr(text, 1, at - 1) : text)
			else
				code = code (at ? substr(text, 1, at - 1) : text)
			if (!inside && at) {
				said = 1
				comment = ""
			}
			text = at ? substr(text, at + 2) : ""
			if (at)
				inside = !inside
		}
	}
	# A comment of the form "NAME, NAME() - what they do" is theirs, wherever they are declared.
	function name_all(text, sentence, word, n, i, j, m) {
		gsub(/[ \t*]+/, " ", text)
		n = split(text, sentence, /[.;:] /)
		for (i = 1; i <= n; i++)
			if (j = index(sentence[i], " - ")) {
				m = split(substr(sentence[i], 1, j - 1), word, /[ ,()]+/)
				while (m)
					commented[FILENAME, word[m--]] = 1
			}
	}
	function finish() {
		if (name != "" && !(body == 1 && returns))
			wanting[FILENAME, name] = place
		name = ""
	}
	FNR == 1 { inside = depth = group = 0; name = "" }
	{
		split_comment($0)
		if (said && !depth) {
			group = 1
			if (!inside)
				name_all(comment)
		} else if ($0 ~ /^[ \t]*$/ && !depth) {
			group = 0
		}
		if (!depth && code ~ /^[A-Za-z_].*[a-z_0-9]\(/ && code !~ /^(typedef|extern|_Static|[A-Z]+_HEAD)/) {
			match(code, /[A-Za-z_][A-Za-z0-9_]*\(/)
			name = substr(code, RSTART, RLENGTH - 1)
			place = FILENAME ":" FNR
			body = returns = 0
			if (group) {
				commented[FILENAME, name] = 1
				name = ""
			}
		}
		opens = gsub(/{/, "{", code)
		closes = gsub(/}/, "}", code)
		if (depth || opens && closes) {
			if (code ~ /(^[ \t]+|{ )return[ ;]/)
				returns = 1
			body += gsub(/;/, ";", code) + said
		}
		depth += opens - closes
		if (!depth && (closes || code ~ /;[ \t]*$/))
			finish()
	}
	END {
		for (key in wanting)
			if (!(key in commented)) {
				split(key, part, SUBSEP)
				print wanting[key] ": " part[2] "() without a contract"
			}
	}' | sort -V
}

# plants TEXT LINE...: the check finds TEXT in a header of these lines, and nothing in it without TEXT.
plants() {
	text=$1
	shift
	printf '%s\n' "$@" >"$scratch/planted.h"
	catches "$text" "cp '$scratch/planted.h' core/base/planted.h; echo 'int last(void);' >core/base/last.h"
	[ "$(grep -c planted.h "$scratch/faults")" -eq "$([ "$text" = 'last()' ] && echo 0 || echo 1)" ] && return
	cat "$scratch/faults"
	exit 1
}

tree_passes
plants 'planted.h:1: f() without' 'int f(void);'
plants 'planted.h:3: f() without' '/* A comment, and a blank line. */' '' 'struct folio *f(void);'
plants 'planted.h:1: f() without' 'static inline void f(int *x)' '{' '	/* A comment inside. */' '	*x = 1;' '}'
plants 'planted.h:3: g() without' 'int f(void); /* here */' '' 'void g(void);'
plants 'planted.h:1: f() without' 'static inline int f(int x)' '{' '	x++;' '	return x;' '}' \
	'/* g() - as f() - too. */'
plants 'last()' '/* Of both. */' 'int f(void);' 'int g(void);'
plants 'last()' 'static inline int f(int x)' '{' '	return x;' '}'
plants 'last()' '/* f(), g() - both. */' '' 'int f(int x,' '      int y);' 'int g(void);'
plants 'last()' '#if FAULTLINE_CHECK' '/* One. */' 'void f(void);' '#else' '' 'static inline void f(void) {}' '#endif'
