/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_fork.c - what fork must do: everything is copied at once. */
#include "tests/lib/model/model_pages.h"

/* An entry that a fault would not bring again, and what fork leaves of it on both sides. */
static void fork_entry(struct model_page *child, struct model_page *parent)
{
	if (parent->state == MEMORY) {
		child->shared = parent->shared = true;
		child->write = parent->write = false;
	}
	child->old = parent->state == MEMORY || parent->state == ZEROES;
}

void model_fork(struct model *child, struct model *parent)
{
	model_copy(child, parent);
	child->nr_tables = 0;
	model_for_each_page(parent, i, addr, from, 0ul, TASK_SIZE) {
		struct model_page *to = model_page(child, addr);

		to->inherited = from->anon;
		if (from->anon && !model_same_vma(model_page(parent, addr - PAGE_SIZE), from))
			child->last_anon++;
		to->anon = from->anon ? child->last_anon : 0;
		if (!from->anon && !from->guarded) {
			to->state = NOTHING;
			to->old = false;
		} else {
			fork_entry(to, from);
			if (model_has_table(parent, addr))
				model_need_tables(child, addr);
		}
	}
}
