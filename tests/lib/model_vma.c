/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_vma.c - which pages of the model are one VMA, and which VMAs have one anon_vma. */
#include "tests/lib/model_pages.h"

static bool alike(const struct model_page *a, const struct model_page *b)
{
	return a && b && a->mapped && b->mapped && a->flags == b->flags && a->name == b->name;
}

/* Who has none may get the other's, unless that inherited. */
static bool anon_vmas_agree(const struct model_page *a, const struct model_page *b)
{
	if (a->anon && b->anon)
		return a->anon == b->anon;
	return (!a->anon || !a->inherited) && (!b->anon || !b->inherited);
}

bool model_same_vma(const struct model_page *a, const struct model_page *b)
{
	return alike(a, b) && a->anon == b->anon;
}

static unsigned long vma_start(const struct model *model, unsigned long addr)
{
	while (model_same_vma(model_page(model, addr - PAGE_SIZE), model_page(model, addr)))
		addr -= PAGE_SIZE;
	return addr;
}

unsigned long model_vma_end(const struct model *model, unsigned long addr)
{
	do {
		addr += PAGE_SIZE;
	} while (model_same_vma(model_page(model, addr - PAGE_SIZE), model_page(model, addr)));
	return addr;
}

static void set_anon(struct model *model, unsigned long start, unsigned long end, uint16_t anon)
{
	model_for_each_page(model, i, addr, page, start, end)
		page->anon = anon;
}

void model_join(struct model *model, unsigned long addr)
{
	const struct model_page *left = model_page(model, addr - PAGE_SIZE), *right = model_page(model, addr);

	if (!alike(left, right) || left->anon == right->anon || !anon_vmas_agree(left, right))
		return;
	if (left->anon)
		set_anon(model, addr, model_vma_end(model, addr), left->anon);
	else
		set_anon(model, vma_start(model, addr - PAGE_SIZE), addr, right->anon);
}

void model_expand(struct model *model, unsigned long start, unsigned long end)
{
	const struct model_page *new = model_page(model, start), *heir;
	const struct model_page *prev = model_page(model, start - PAGE_SIZE), *next = model_page(model, end);

	if (!alike(prev, new) || !anon_vmas_agree(prev, new))
		prev = NULL;
	if (!alike(next, new) || !anon_vmas_agree(next, new) || (prev && !anon_vmas_agree(prev, next)))
		next = NULL;
	heir = next ? next : prev;
	if (!heir)
		return;
	model_for_each_page(model, i, addr, page, start, end) {
		page->anon = heir->anon;
		page->inherited = heir->inherited;
	}
	if (prev && next)
		model_join(model, start);
}

void model_anon_prepare(struct model *model, unsigned long addr)
{
	unsigned long start, end;
	const struct model_page *near[2], *page = model_page(model, addr);
	uint16_t anon = 0;

	if (page->anon)
		return;
	start = vma_start(model, addr);
	end = model_vma_end(model, addr);
	near[0] = model_page(model, end);
	near[1] = model_page(model, start - PAGE_SIZE);
	for (unsigned int i = 0; !anon && i < 2; i++)
		if (near[i] && near[i]->mapped && near[i]->name == page->name && !near[i]->inherited)
			anon = near[i]->anon;
	set_anon(model, start, end, anon ? anon : ++model->last_anon);
}
