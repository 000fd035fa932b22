# SPDX-License-Identifier: GPL-2.0-or-later
# The documentation, the program's options, and comments and strings of the tree are written in the field's words.
. "$(dirname "$0")/../lib/harness/lint.sh"

banned='(some|no|any|every)body|whom|whoever|taken apart|cut off|lets? (it )?go|looks? again|(its|their) mind'
banned="$banned|page of zeroes|not to be had|leaves? out|left out|(is|are|was|were|be) told|tells|promised"
banned="$banned|who (looks|waits|shares|fails|sees|holds|has|is|was|gets|finds|comes|wants|takes)|on (the|its|their) way to"
banned="$banned|not so|seen by|by now|watch(es|ed)"
in_core="$banned|tell|told|promises?|who"

# prose FOLDER...: comments and strings there as FILE:LINE:TEXT; in a comment after the last words of the line before.
prose() {
	sources "$@" | xargs -r awk '
	BEGIN { opening = "\"(\\\\.|[^\"\\\\])*\"|/[*]"; closing = "[*]/" }
	FNR == 1 { inside = 0; before = "" }
	{
		text = before
		rest = $0
		while (match(rest, inside ? closing : opening)) {
			if (inside)
				text = text " " substr(rest, 1, RSTART - 1)
			else
				text = text " " substr(rest, RSTART, RLENGTH)
			if (inside || substr(rest, RSTART, 2) == "/*")
				inside = !inside
			rest = substr(rest, RSTART + RLENGTH)
		}
		if (inside)
			text = text " " rest
		before = ""
		if (inside) {
			n = split(text, word, /[ \t*]+/)
			for (i = n > 3 ? n - 2 : 1; i <= n; i++)
				before = before word[i] " "
		}
		gsub(/[ \t*]+/, " ", text)
		print FILENAME ":" FNR ":" text
	}'
}

check() {
	find . -maxdepth 2 -name '*.md' | sed 's|^\./||' | sort | xargs -r grep -nHwiE "$banned"
	code bench | grep -E 'POPT_|OPTION' | grep -wiE "$banned"
	prose core | grep -wiE "$in_core"
	prose bench workloads tests | grep -wiE "$banned"
	find tests cmake \( -name '*.sh' -o -name '*.cmake' \) ! -name words.sh | sort | xargs -r grep -nE '^[[:space:]]*#' | grep -wiE "$banned"
}

tree_passes
catches 'planted.cmake:1:' 'echo "# The linker is told." > cmake/planted.cmake'
catches 'README.md:1:' 'echo "It is left out until somebody sees it." > README.md'
catches 'doc/planted.md:1:' 'mkdir -p doc; echo "The folio is let go." > doc/planted.md'
catches 'planted.c:1:' 'echo "{ NULL, 0, POPT_ARG_NONE, NULL, 0, \"it is told\", NULL }," > bench/planted.c'
catches 'planted.c:2:' 'printf "int nobody;\n/* A folio nobody has. */\n" > core/base/planted.c'
catches 'planted.c:3:' 'printf "/*\n * The lock is let\n * go.\n */\n" > core/base/planted.c'
catches 'planted.def:1:' 'echo "PLANTED(\"a page that was promised\")" > core/base/planted.def'
catches 'planted.c:1:' 'echo "/* A sleeper that nobody wakes. */" > workloads/planted.c'
catches 'planted.sh:1:' 'echo "# The failure is told." > tests/planted.sh'
