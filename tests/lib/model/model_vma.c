/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_vma.c - which pages of the model are one VMA, and which VMAs have one anon_vma. */
#include "tests/lib/model/model_pages.h"

struct model_page *model_page(const struct model *model, unsigned long addr)
{
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++) {
		const struct model_window *window = &model->window[i];

		if (addr >= window->base && (addr - window->base) / PAGE_SIZE < window->pages)
			return &window->page[(addr - window->base) / PAGE_SIZE];
	}
	return NULL;
}

/* @b is the page after @a. */
static bool alike(const struct model_page *a, const struct model_page *b)
{
	return a && b && a->mapped && b->mapped && a->flags == b->flags && a->name == b->name &&
	       b->index == a->index + 1;
}

/* A VMA without an anon_vma may get the other's, unless that one was inherited. */
static bool anon_vmas_agree(const struct model_page *a, const struct model_page *b)
{
	if (a->anon && b->anon)
		return a->anon == b->anon;
	return (!a->anon || !a->inherited) && (!b->anon || !b->inherited);
}

bool model_same_vma(const struct model_page *a, const struct model_page *b)
{
	return alike(a, b) && a->anon == b->anon && !b->begins;
}

unsigned long model_vma_start(const struct model *model, unsigned long addr)
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

/* The VMA that holds @addr was made of two: that one of them had guards holds for the whole. */
static void spread_guarded(struct model *model, unsigned long addr)
{
	const unsigned long start = model_vma_start(model, addr), end = model_vma_end(model, addr);
	bool guarded = false;

	model_for_each_page(model, i, at, page, start, end)
		guarded |= page->guarded;
	if (guarded)
		model_set_guarded(model, addr);
}

void model_set_guarded(struct model *model, unsigned long addr)
{
	const unsigned long start = model_vma_start(model, addr), end = model_vma_end(model, addr);

	model_for_each_page(model, i, at, page, start, end)
		page->guarded = true;
}

void model_begin_vma(struct model *model, unsigned long addr)
{
	if (model_page(model, addr))
		model_page(model, addr)->begins = model_page(model, addr)->mapped;
}

void model_join(struct model *model, unsigned long addr)
{
	struct model_page *left = model_page(model, addr - PAGE_SIZE), *right = model_page(model, addr);

	if (!alike(left, right) || !anon_vmas_agree(left, right))
		return;
	if (left->anon)
		set_anon(model, addr, model_vma_end(model, addr), left->anon);
	else
		set_anon(model, model_vma_start(model, addr - PAGE_SIZE), addr, right->anon);
	right->begins = false;
	spread_guarded(model, addr);
}

void model_join_extended(struct model *model, unsigned long addr)
{
	struct model_page *left = model_page(model, addr - PAGE_SIZE), *right = model_page(model, addr);

	if (alike(left, right) && left->anon && !right->anon)
		model_for_each_page(model, i, at, page, addr, model_vma_end(model, addr)) {
			page->anon = left->anon;
			page->inherited = left->inherited;
		}
	model_join(model, addr);
}

void model_expand(struct model *model, unsigned long start, unsigned long end)
{
	const struct model_page *first = model_page(model, start), *last = model_page(model, end - PAGE_SIZE), *heir;
	const struct model_page *prev = model_page(model, start - PAGE_SIZE), *next = model_page(model, end);

	model_begin_vma(model, start);
	model_begin_vma(model, end);
	if (!alike(prev, first) || !anon_vmas_agree(prev, first))
		prev = NULL;
	if (!alike(last, next) || !anon_vmas_agree(last, next) || (prev && !anon_vmas_agree(prev, next)))
		next = NULL;
	heir = next ? next : prev;
	if (!heir)
		return;
	model_for_each_page(model, i, addr, page, start, first->anon ? start : end) {
		page->anon = heir->anon;
		page->inherited = heir->inherited;
	}
	if (next)
		model_join(model, end);
	if (prev)
		model_join(model, start);
}

void model_anon_prepare(struct model *model, unsigned long addr)
{
	const struct model_page *page = model_page(model, addr);
	unsigned long start, end, near[2];
	uint16_t anon = 0;

	if (page->anon)
		return;
	start = model_vma_start(model, addr);
	end = model_vma_end(model, addr);
	near[0] = end;
	near[1] = start - PAGE_SIZE;
	for (unsigned int i = 0; !anon && i < 2; i++) {
		const struct model_page *other = model_page(model, near[i]);

		if (other && other->mapped && other->name == page->name && !other->inherited &&
		    !((other->flags ^ page->flags) & ~(uint32_t)VM_ACCESS_FLAGS) &&
		    other->index - near[i] / PAGE_SIZE == page->index - addr / PAGE_SIZE)
			anon = other->anon;
	}
	set_anon(model, start, end, anon ? anon : ++model->last_anon);
}
