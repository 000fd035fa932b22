# SPDX-License-Identifier: GPL-2.0-or-later
# Outside base, host, probe and lock every acquire, release and fully ordered access has an ORDER tag, or a class that
# core/base/atomic.h defines, in its line or in a comment that ends at most 4 lines above.
. "$(dirname "$0")/../lib/harness/lint.sh"
. "$(dirname "$0")/../lib/harness/order.sh"

check() {
	order_scan -vE '^core/(base|host|probe|lock)/' | awk -F '\t' '
	$1 == "unmarked" { print $2 ": " $3 "() without an ORDER tag or class" }
	$1 == "class" { print "class\t" $2 "\t" $3 }' >"$scratch/uses"
	grep -v '^class' "$scratch/uses"
	order_classes >"$scratch/classes"
	sed -n 's/^class\t//p' "$scratch/uses" | while read -r class at; do
		grep -qF "| \`$class\` |" "$scratch/classes" || echo "$at: ORDER: $class is no class of core/base/atomic.h"
	done
}

# plants TEXT LINE...: the check finds TEXT in a file of these lines.
plants() {
	text=$1
	shift
	printf '%s\n' "$@" >"$scratch/planted.c"
	catches "$text" "cp '$scratch/planted.c' core/mm/planted.c"
}

tree_passes
for operation in load_acquire store_release xchg_acq_rel try_cmpxchg_acquire fetch_add_release fetch_or_acq_rel load_seq_cst; do
	plants "$operation() without" 'int f(int *p)' '{' "	return $operation(p);" '}'
done
plants 'planted.c:7: load_acquire() without' '/* ORDER[x:A] */' '{' '' '' '	load_acquire(p);' '' '	load_acquire(p);'
plants 'load_acquire() without' '/* pairs with ORDER[x:A] */' 'int x = load_acquire(p);'
plants 'load_acquire() without' 'int x = xchg_relaxed(q, 1) + load_acquire(p); /* the order counts */'
plants 'ORDER: planted is no class' 'int x = load_acquire(p);	/* ORDER: planted */'
