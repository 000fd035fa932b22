# SPDX-License-Identifier: GPL-2.0-or-later
# bench/, workloads/ and examples/ use the names of core/public.txt and no others; each is declared, and used there.
# core/faultline.h includes the headers that have one. Symbol tables show what text hides: declarations of one's own.
. "$(dirname "$0")/../lib/harness/lint.sh"
. "$(dirname "$0")/../lib/harness/public.sh"

# objects FOLDER...: of sources that are still there, from the build; and what is planted beside sources.
objects() {
	for folder; do
		find "$BUILD/CMakeFiles/$folder.dir" -name '*.o' | while read -r object; do
			source=${object#"$BUILD/CMakeFiles/$folder.dir/"}
			[ ! -e "$SOURCE/${source%.o}" ] || echo "$object"
		done
	done
}

# Names in bodies of macros and inline functions of the core, which act for their users, and what they paste.
bodies() {
	code core | sed -nE 's/^core\/[^:]*\.h:[0-9]+://p' |
		sed -E 's/EV_[A-Z0-9_]+/& &_count/g; s/RETRY_LOOP_OF\(([A-Z_]+)/& RETRY_\1/g' |
		grep -E '^[[:space:]]|^#[[:space:]]*define|[{\\]' |
		grep -oE '[A-Za-z_][A-Za-z0-9_]*'
}

listed() {
	grep -v '^#' core/public.txt | sort
}

# What the core's macros make of these names, as knockout_##id of PTE_LOCK.
pasted() {
	code core | grep -oE '\<[a-z_]+##' | tr -d '#' | sort -u >"$scratch/prefixes"
	grep '^[A-Z][A-Z0-9_]*$' | sort -u |
		awk 'FNR == NR { prefixes[$1]; next } { for (p in prefixes) print p $1 }' "$scratch/prefixes" -
}

undeclared() {
	declared_names | cut -f 1,2 | sort >"$scratch/all"
	listed | comm -23 - "$scratch/all" | sed 's|$|: not declared by a header below core/faultline.h|'
}

unlisted() {
	used_names >"$scratch/used"
	listed | comm -13 - "$scratch/used" | sed 's|$|: used outside of the core, and not in core/public.txt|'
	listed | comm -23 - "$scratch/used" | sed 's|$|: in core/public.txt, and used by nothing outside of the core|'
}

unlisted_symbols() {
	{ listed | cut -f 2; bodies; bodies | pasted; } | sort -u >"$scratch/known"
	objects faultline_core_4 | xargs nm -g --defined-only | awk 'NF == 3 { print $3 }' | sort -u >"$scratch/core"
	{ objects faultline faultline_workloads; find bench -name '*.o'; } | xargs nm -u | awk 'NF == 2 { print $2 }' |
		sort -u | comm -12 - "$scratch/core" | comm -23 - "$scratch/known" |
		sed 's|$|: linked from outside of the core, and not in core/public.txt|'
}

needless_headers() {
	listed | cut -f 1 | sort -u >"$scratch/public"
	sed -nE 's/^#include "(.*)"/\1/p' core/faultline.h | sort >"$scratch/included"
	comm -13 "$scratch/public" "$scratch/included" | sed 's|$|: no public name, and core/faultline.h includes it|'
	comm -23 "$scratch/public" "$scratch/included" | sed 's|$|: has public names, and core/faultline.h does not|'
}

check() {
	undeclared
	unlisted
	unlisted_symbols
	needless_headers
}

# plants TEXT LINE: check prints TEXT about a file with this line; links TEXT LINE: about its object.
plants() {
	catches "$1" "echo '$2' >bench/planted.c"
}

links() {
	catches "$1" "echo '$2' >bench/planted.c && $CC -c -o bench/planted.o bench/planted.c && rm bench/planted.c"
}

LC_ALL=C
export LC_ALL
tree_passes
plants 'vma_tree_erase: used' 'void f(void) { vma_tree_erase(tree, vma); }'
plants 'vma_lock_init: used' 'void f(void) { vma_lock_init(vma); }'
plants 'VMA_LOCK_OFFSET: used' 'int f(void) { return VMA_LOCK_OFFSET; }'
plants 'struct vma_tree: used' 'struct vma_tree *tree;'
plants 'EV_VMA_REUSED: used' 'uint64_t f(void) { return events_total(EV_VMA_REUSED); }'
links 'vma_tree_erase: linked' 'void vma_tree_erase(void); void f(void) { vma_tree_erase(); }'
catches 'core/mm/vma.h	planted: not declared' "printf 'core/mm/vma.h\tplanted\n' >>core/public.txt"
catches 'vma_link: in core/public.txt, and used by nothing' "printf 'core/mm/vma.h\tvma_link\n' >>core/public.txt"
catches 'core/phys/buddy.h: no public name' 'echo "#include \"core/phys/buddy.h\"" >>core/faultline.h'
catches 'core/base/rng.h: has public names' 'sed -i "/rng.h/d" core/faultline.h'
