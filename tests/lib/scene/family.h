/* SPDX-License-Identifier: GPL-2.0-or-later */
/* family.h - an mm, what is forked from it, and programs that read and write their memory. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_FAMILY_H
#define FAULTLINE_TESTS_LIB_SCENE_FAMILY_H

#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/phys/folio.h"
#include "core/phys/page_flags.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(3 * PGDIR_SIZE)	/* where tests map: no table is shared with anything below */

/* Dies when it fails. */
static inline struct mm_struct *fork_mm(struct mm_struct *parent)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(parent, &child));
	return child;
}

static inline struct page *page_of(struct mm_struct *mm, unsigned long addr)
{
	return pte_page(tree_pte(mm, addr));
}

/* The bits of an entry, without what it maps. */
static inline uint64_t bits_of(struct mm_struct *mm, unsigned long addr)
{
	return pte_bits(tree_pte(mm, addr));
}

/* A program that writes a byte there. Locking: no other thread uses @mm. */
static inline void put_byte(struct mm_struct *mm, unsigned long addr, unsigned char byte)
{
	write_at(mm, addr);
	BUG_ON(!pte_write(tree_pte(mm, addr)));
	if (machine.payload)
		*(unsigned char *)page_payload(page_of(mm, addr)) = byte;
}

/* True when a program that reads there finds @byte. Locking: no other thread uses @mm. */
static inline bool byte_is(struct mm_struct *mm, unsigned long addr, unsigned char byte)
{
	read_at(mm, addr);
	return !machine.payload || *(unsigned char *)page_payload(page_of(mm, addr)) == byte;
}

#endif
