# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of doc/extending.md work as they stand. A block of C with a path is a file, a diff is applied, and lines
# of a console run with the program that results: what a section changes is compiled with the flags of the build, and
# linked before its archives.
. "$(dirname "$0")/../lib/harness/cli.sh"
[ -f "$BUILD/build.ninja" ] || { echo 'skipped: not a build by ninja'; exit 0; }

# The blocks of section $2 of page $1, a line each: "file PATH", "diff" or "run", a tab, the line.
blocks() {
	awk -v wanted="$2" '
	/^## / { section++ }
	section != wanted { next }
	/^```$/ { kind = "" }
	kind == "run" { sub(/^\$ /, "") }
	kind { print kind "\t" $0 }
	/^```c [^ ]+$/ { kind = "file " $2 }
	/^```diff$/ { kind = "diff" }
	/^```console$/ { kind = "run" }' "$1"
}

# Makes the folder tree, a copy with the files and diffs of $1, lines of blocks().
write_tree() {
	rm -rf tree && mkdir tree && cp -r "$SOURCE"/core "$SOURCE"/workloads "$SOURCE"/bench tree || return
	sed -n 's/^file \([^\t]*\)\t.*/\1/p' "$1" | sort -u | while read -r path; do
		sed -n "s|^file $path\t||p" "$1" >"tree/$path"
	done
	sed -n 's/^diff\t//p' "$1" >diff
	[ ! -s diff ] || patch -sp1 -d tree <diff
}

# Sources that are new or changed; and those that name what a changed header has in its changed lines: a constant, or a
# list that is included.
changed_sources() {
	(cd tree && find core workloads bench -name '*.[ch]' -o -name '*.def') | while read -r file; do
		cmp -s "$SOURCE/$file" "tree/$file" && continue
		case $file in
		*.c) echo "$file" ;;
		*)
			diff "$SOURCE/$file" "tree/$file" | grep '^[<>]' | grep -oE '\<[A-Z][A-Z0-9]*_[A-Z0-9_]+\>'
			basename "$file" | grep '\.def$'
			;;
		esac
	done | sort -u >changes
	grep '\.c$' changes
	grep -v '\.c$' changes >words
	[ ! -s words ] || (cd tree && grep -rlwFf ../words --include='*.c' core workloads bench)
}

# compile FILE OBJECT: as the build compiles a file of the same folder, with the headers of the tree.
compile() {
	case $1 in
	core/*) like=$core.dir/core/policy/policy.c ;;
	workloads/*) like=faultline_workloads.dir/workloads/zap_populated.c ;;
	*) like=faultline.dir/bench/cmd/main.c ;;
	esac
	command=$(ninja -C "$BUILD" -t commands "CMakeFiles/$like.o" | tail -n 1)
	command=$(printf '%s\n' "$command" | sed "s| -MD .*||; s| -I$SOURCE | -I$PWD/tree&|")
	(cd "$BUILD" && eval "$command -o '$scratch/$2' -c '$scratch/tree/$1'")
}

# build_program: bin/faultline, of the build's objects with those of the tree before them.
build_program() {
	link=$(ninja -C "$BUILD" -t commands faultline | tail -n 1)
	core=$(printf '%s\n' "$link" | grep -oE 'faultline_core_[0-9]' | head -n 1)
	rm -rf bin objects && mkdir bin objects
	changed_sources | sort -u >sources
	[ -s sources ] || return
	while read -r file; do
		object=objects/$(printf '%s' "$file" | tr / .).o
		compile "$file" "$object" || return
		link=$(printf '%s\n' "$link" | sed "s| [^ ]*\.dir/$file\.o | |; s| -o faultline | $scratch/$object&|")
	done <sources
	(cd "$BUILD" && eval "$(printf '%s\n' "$link" | sed "s| -o faultline | -o $scratch/bin/faultline |")")
}

# works PAGE SECTION: its example is built, and each of its commands succeeds.
works() {
	blocks "$1" "$2" >example
	write_tree example >out 2>err && build_program >out 2>err || return
	sed -n 's/^run\t//p' example | while read -r line; do
		PATH=$PWD/bin:$PATH sh -c "$line" >out 2>err || { echo "$line" >>err; exit 1; }
	done
}

page=$SOURCE/doc/extending.md
section=0 tried=0
while [ "$(grep -c '^## ' "$page")" -gt "$section" ]; do
	section=$((section + 1))
	[ -n "$(blocks "$page" $section)" ] || continue
	tried=$((tried + 1))
	works "$page" $section || surprise "$page: the example of section $section fails"
done
[ "$tried" -ge 3 ] || surprise "only $tried sections have examples"

# Planted: a file that does not compile, a diff of lines that are not there, and a command that fails.
planted() { # SED-COMMAND
	sed "$1" "$page" >planted.md
	! works planted.md 1 || surprise "not found: $1"
}
planted 's/space_touch_own/space_touch_all/'
planted 's/^```c .*/```diff/'
planted 's/grep touch_twice/grep touch_thrice/'
