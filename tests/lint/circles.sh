# SPDX-License-Identifier: GPL-2.0-or-later
# No files of the program depend on each other in a circle, by the functions and variables that they name, but for the
# arrows in circles.txt: FROM TO REASON, separated by tabs. Knock-outs, events and other registrations stand beside one
# of the places that name them, and are no arrow.
. "$(dirname "$0")/../lib/harness/lint.sh"
export LC_ALL=C

# The program's objects, and those planted beside their sources, as OBJECT SOURCE.
objects() {
	for folder in faultline faultline_workloads faultline_core_4; do
		(cd "$BUILD/CMakeFiles/$folder.dir" && find core workloads bench -name '*.o' 2>/dev/null) | while read -r object; do
			[ ! -e "$SOURCE/${object%.o}" ] || echo "$BUILD/CMakeFiles/$folder.dir/$object ${object%.o}"
		done
	done
	find core bench -name '*.o' | while read -r object; do echo "$object ${object%.o}.c"; done
}

# FROM TO for each source that names a symbol of another one.
arrows() {
	objects >"$scratch/objects"
	cut -d ' ' -f 1 "$scratch/objects" | xargs nm -gA | awk '
	NR == FNR { source[$1] = $2; next }
	/ (knockout|EV|RETRY|kind)_[A-Za-z0-9_]*$/ { next }
	{ at = index($0, ".o:"); from = source[substr($0, 1, at + 1)]; $0 = substr($0, at + 3) }
	NF == 2 && $1 == "U" { print "U", $2, from }
	NF == 3 && $2 ~ /^[TDBRCVW]$/ { print "D", $3, from }' "$scratch/objects" - | awk '
	$1 == "D" { defined[$2] = $3 }
	$1 == "U" { users[$2] = users[$2] " " $3 }
	END {
		for (symbol in users) {
			n = split(users[symbol], user, " ")
			for (i = 1; i <= n; i++)
				if (symbol in defined && defined[symbol] != user[i])
					print user[i], defined[symbol]
		}
	}' | sort -u
}

check() {
	arrows >"$scratch/arrows"
	cut -f 1,2 tests/lint/circles.txt | tr '\t' ' ' | sort >"$scratch/allowed"
	comm -13 "$scratch/arrows" "$scratch/allowed" | sed 's/$/: in circles.txt, and no arrow/'
	awk -F '\t' 'NF != 3 || $3 == "" { print "circles.txt:" NR ": no reason" }' tests/lint/circles.txt
	comm -23 "$scratch/arrows" "$scratch/allowed" | tsort 2>&1 >/dev/null | sed -n 's/^tsort: \([a-z].*\.cc*\)$/\1: in a circle/p'
}

# plant FILE.c TEXT...: an object of it.
plant() {
	file=$1
	shift
	printf '%s\n' "$@" >"$file"
	cc -c -o "${file%.c}.o" "$file"
}

tree_passes
catches 'core/base/one.c: in a circle' "plant core/base/one.c 'int two(void);' 'int one(void) { return two(); }'
	plant bench/two.c 'int one(void);' 'int two(void) { return one(); }'"
catches 'core/op/gone.c: in circles.txt' "printf 'core/op/fault.c\tcore/op/gone.c\tplanted\n' >>tests/lint/circles.txt"
catches 'no reason' "sed -i '1s/\t[^\t]*$/\t/' tests/lint/circles.txt"
