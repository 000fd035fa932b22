# SPDX-License-Identifier: GPL-2.0-or-later
# For the scripts of tests/lint. Each defines check(), which prints one line for every fault in the tree it stands in; then
# calls tree_passes, and catches() for every kind of fault, since a check that cannot fail proves nothing.
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
# In memory where there is some: a file system of a disk takes ten times as long for a copy of the tree.
scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT

tree_passes() {
	faults=$(cd "$SOURCE" && check)
	[ -z "$faults" ] && return
	echo "$faults"
	exit 1
}

# catches TEXT COMMAND: with the fault that COMMAND plants in a copy of the tree, check prints a line with TEXT.
catches() {
	rm -rf "$scratch/tree"
	mkdir "$scratch/tree"
	for folder in core workloads bench tests cmake; do
		[ ! -d "$SOURCE/$folder" ] || cp -r "$SOURCE/$folder" "$scratch/tree"
	done
	mkdir -p "$scratch/tree/core/base" "$scratch/tree/bench"
	(cd "$scratch/tree" && eval "$2" && check) >"$scratch/faults"
	grep -qF -- "$1" "$scratch/faults" && return
	echo "planted and not caught: $2"
	exit 1
}

# sources FOLDER...: the C and C++ files there, one a line.
sources() {
	for folder; do
		[ ! -d "$folder" ] || find "$folder" -name '*.[ch]' -o -name '*.cc' -o -name '*.def'
	done | sort
}

# code FOLDER...: all lines there as FILE:LINE:TEXT, comments blanked out.
code() {
	sources "$@" | xargs -r awk '
	FNR == 1 { inside = 0 }
	{
		text = ""
		rest = $0
		while (rest != "") {
			at = index(rest, inside ? "*/" : "/*")
			if (!inside)
				text = text (at ? substr(rest, 1, at - 1) : rest)
			rest = at ? substr(rest, at + 2) : ""
			if (at)
				inside = !inside
		}
		print FILENAME ":" FNR ":" text
	}'
}
