/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op_names.c - the words of arguments. Source: include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h. */
#include "bench/conform/op_names.h"

#include <stddef.h>

#define FIELD(name, value, mask)	{ name, value, mask }
#define BIT(name, value)		{ name, value, value }
#define END				{ NULL, 0, 0 }

#define MAP_TYPE_BITS	0xf
#define ALL_BITS	(-1)

const struct op_name prot_names[] = {
	BIT("read", 1), BIT("write", 2), BIT("exec", 4), BIT("growsdown", 0x01000000), BIT("growsup", 0x02000000), END
};

const struct op_name mmap_names[] = {
	FIELD("shared", 1, MAP_TYPE_BITS), FIELD("private", 2, MAP_TYPE_BITS),
	FIELD("shared_validate", 3, MAP_TYPE_BITS), FIELD("droppable", 8, MAP_TYPE_BITS),
	BIT("fixed", 0x10), BIT("anonymous", 0x20), BIT("growsdown", 0x100), BIT("locked", 0x2000),
	BIT("noreserve", 0x4000), BIT("populate", 0x8000), BIT("nonblock", 0x10000), BIT("stack", 0x20000),
	BIT("hugetlb", 0x40000), BIT("sync", 0x80000), BIT("fixed_noreplace", 0x100000), END
};

const struct op_name mremap_names[] = { BIT("maymove", 1), BIT("fixed", 2), BIT("dontunmap", 4), END };

const struct op_name advice_names[] = {
	FIELD("normal", 0, ALL_BITS), FIELD("random", 1, ALL_BITS), FIELD("sequential", 2, ALL_BITS),
	FIELD("willneed", 3, ALL_BITS), FIELD("dontneed", 4, ALL_BITS), FIELD("free", 8, ALL_BITS),
	FIELD("remove", 9, ALL_BITS), FIELD("dontfork", 10, ALL_BITS), FIELD("dofork", 11, ALL_BITS),
	FIELD("mergeable", 12, ALL_BITS), FIELD("unmergeable", 13, ALL_BITS), FIELD("hugepage", 14, ALL_BITS),
	FIELD("nohugepage", 15, ALL_BITS), FIELD("dontdump", 16, ALL_BITS), FIELD("dodump", 17, ALL_BITS),
	FIELD("wipeonfork", 18, ALL_BITS), FIELD("keeponfork", 19, ALL_BITS), FIELD("cold", 20, ALL_BITS),
	FIELD("pageout", 21, ALL_BITS), FIELD("populate_read", 22, ALL_BITS), FIELD("populate_write", 23, ALL_BITS),
	FIELD("dontneed_locked", 24, ALL_BITS), FIELD("collapse", 25, ALL_BITS),
	FIELD("guard_install", 102, ALL_BITS), FIELD("guard_remove", 103, ALL_BITS), END
};

const struct op_name mlock_names[] = { BIT("onfault", 1), END };
const struct op_name msync_names[] = { BIT("async", 1), BIT("invalidate", 2), BIT("sync", 4), END };
const struct op_name pin_names[] = { BIT("write", 1), END };
const struct op_name move_names[] = { BIT("move", 2), BIT("move_all", 4), END };
const struct op_name mlockall_names[] = { BIT("current", 1), BIT("future", 2), BIT("onfault", 4), END };
