# SPDX-License-Identifier: GPL-2.0-or-later
# Every function and variable of the program is defined once: of two in an archive and beside it, the linker takes one and says nothing.
. "$(dirname "$0")/../lib/harness/lint.sh"

# The objects that the program is made of, without those of sources that are gone; and what is planted beside their sources.
objects() {
	for folder in faultline faultline_workloads faultline_core_4; do
		(cd "$BUILD/CMakeFiles/$folder.dir" && find . -name '*.o') | while read -r object; do
			[ ! -e "$SOURCE/${object%.o}" ] || echo "$BUILD/CMakeFiles/$folder.dir/$object"
		done
	done
	find core bench -name '*.o'
}

check() {
	objects | xargs nm -g --defined-only | awk 'NF == 3 && $2 ~ /^[TDBR]$/ { print $3 }' | sort | uniq -d | sed 's/$/: defined twice/'
}

plant='echo "int planted;" > bench/planted.c; cc -c -o bench/planted.o bench/planted.c'

tree_passes
catches 'planted: defined twice' "$plant; cp bench/planted.o core/base/planted.o"
catches 'planted: defined twice' "$plant; cp bench/planted.o bench/other.o"
