# SPDX-License-Identifier: GPL-2.0-or-later
# Each name of seeds.txt has one row in doc/seeds.md, with a place that exists in the core; or with none, and a reason; or
# open, exactly if seeds_open.txt lists it.
. "$(dirname "$0")/../lib/harness/lint.sh"

# NAME, tab, PLACE, tab, NOTE of each row; a dash for nothing.
rows() {
	sed -nE 's/^\| `([^`]*)` \| *([^|]*[^| ]|) *\| *([^|]*[^| ]|) *\|$/\1\t\2\t\3/p' doc/seeds.md | tr -d '`' |
		sed 's/\t\t/\t-\t/; s/\t$/\t-/'
}

# FILE:WORD for each word in the code of a file.
places() {
	code core | sed -E 's/^([^:]*):[0-9]+:/\1 /' | awk '
	{
		file = $1
		sub(/^[^ ]* /, "")
		n = split($0, word, /[^A-Za-z0-9_]+/)
		for (i = 1; i <= n; i++)
			if (word[i] != "" && !seen[file, word[i]]++)
				print file ":" word[i]
	}'
}

check() {
	rows >"$scratch/rows"
	places >"$scratch/places"
	sed -n 's/^[^#]*\t//p' tests/lint/seeds.txt | sort -u >"$scratch/names"
	grep -v '^#' tests/lint/seeds_open.txt >"$scratch/open"
	cut -f 1 "$scratch/rows" | sort | uniq -d | sed 's/$/: two rows/'
	cut -f 1 "$scratch/rows" | sort -u | comm -13 - "$scratch/names" | sed 's/$/: no row/'
	cut -f 1 "$scratch/rows" | sort -u | comm -23 - "$scratch/names" | sed 's/$/: a row, and no name of the documents/'
	awk -F '\t' '$2 == "open" { print $1 }' "$scratch/rows" | sort >"$scratch/said"
	sort "$scratch/open" | comm -13 "$scratch/said" - | sed 's/$/: in seeds_open.txt, and its row is not open/'
	sort "$scratch/open" | comm -23 "$scratch/said" - | sed 's/$/: open, and not in seeds_open.txt/'
	awk -F '\t' -v places="$scratch/places" '
	BEGIN { while ((getline place <places) > 0) known[place] }
	$2 == "-" { print $1 ": no place" }
	$2 == "none" && $3 == "-" { print $1 ": none, without a reason" }
	$2 !~ /^(-|none|open)$/ && !($2 in known) { print $1 ": no such place: " $2 }' "$scratch/rows"
}

# plants TEXT SCRIPT: check prints TEXT about the page changed by sed's SCRIPT.
plants() {
	catches "$1" "mkdir -p doc; sed -E '$2' '$SOURCE/doc/seeds.md' >doc/seeds.md"
}

LC_ALL=C
export LC_ALL
tree_passes
plants 'real_depth: no row' '/^. `real_depth`/d'
plants 'real_depth: two rows' '/^. `real_depth`/p'
plants 'real_dept: a row, and no name' 's/^(. `real_dept)h`/\1`/'
plants 'real_depth: no place' 's/^(. `real_depth` .) [^|]* \|/\1  |/'
plants 'real_depth: no such place: core/pgtable/gone.h:real_depth' 's/geometry.h:real_depth/gone.h:real_depth/'
plants 'real_depth: no such place: core/pgtable/geometry.h:gone' 's/geometry.h:real_depth/geometry.h:gone/'
plants 'real_depth: open, and not in' 's/^(. `real_depth` .) [^|]* \|/\1 open |/'
plants 'efi_mm: none, without a reason' 's/^(. `efi_mm` . none .) .* \|/\1  |/'
catches 'real_depth: in seeds_open.txt, and its row' "mkdir -p doc; cp '$SOURCE/doc/seeds.md' doc; echo real_depth >>tests/lint/seeds_open.txt"
catches 'real_depth: no such place' "mkdir -p doc; cp '$SOURCE/doc/seeds.md' doc; sed -i 's/real_depth/real_deep/' core/pgtable/geometry.h"
