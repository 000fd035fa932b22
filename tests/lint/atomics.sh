# SPDX-License-Identifier: GPL-2.0-or-later
# Shared data is reached through core/base/atomic.h alone, whose names carry the memory order.
. "$(dirname "$0")/../lib/harness/lint.sh"

check() {
	code core workloads bench | grep -vE '^core/(base|host|probe)/' | sed -E 's/(__asm__|asm)[[:space:]]+(__volatile__|volatile)//g' |
		grep -E '<stdatomic\.h>|\<(__atomic_|__sync_)|\<(volatile|__volatile__|_Atomic)\>'
}

tree_passes
catches stdatomic 'mkdir -p core/op; echo "#include <stdatomic.h>" > core/op/planted.c'
catches __atomic_ 'mkdir -p core/op; echo "x = __atomic_load_n(p, 0);" > core/op/planted.c'
catches __sync_ 'mkdir -p core/op; echo "/* */ __sync_synchronize();" > core/op/planted.c'
catches volatile 'mkdir -p core/op; echo "asm volatile (\"\"); int volatile x;" > core/op/planted.c'
