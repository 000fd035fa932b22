/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_mremap.c - what mremap must do, page by page. */
#include <errno.h>
#include <stdlib.h>

#include <sys/mman.h>

#include "tests/lib/model/model_pages.h"

/* One call; lengths in whole pages. */
struct remap {
	unsigned long addr, old_len, new_len, new_addr;
	int flags;
};

static bool says_where(const struct remap *r)
{
	return r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static int args(const struct remap *r)
{
	if (r->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) || r->addr % PAGE_SIZE)
		return -EINVAL;
	if (!r->new_len || r->new_len > TASK_SIZE)
		return -EINVAL;
	if (!says_where(r))
		return 0;
	if (r->new_addr > TASK_SIZE - r->new_len || r->new_addr % PAGE_SIZE || !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
		return -EINVAL;
	return (r->flags & MREMAP_DONTUNMAP) && r->old_len != r->new_len ? -EINVAL : 0;
}

/* It may go over several VMAs. */
static bool only_moves(const struct remap *r)
{
	return (r->flags & MREMAP_FIXED) && r->old_len == r->new_len;
}

static int first_vma(const struct model *model, const struct remap *r)
{
	const struct model_page *page = model_page(model, r->addr);

	if (!page || !page->mapped)
		return -EFAULT;
	if (r->old_len > r->new_len && r->old_len > TASK_SIZE - r->addr)
		return -EINVAL;
	if (!says_where(r) && r->old_len >= r->new_len)
		return 0;
	if (!r->old_len)
		return -EINVAL;
	if (!only_moves(r) && min(r->old_len, r->new_len) > model_vma_end(model, r->addr) - r->addr)
		return -EFAULT;
	return (r->flags & MREMAP_FIXED) && r->new_addr < MMAP_MIN_ADDR ? -EPERM : 0;
}

/* It grows up to its new end, over free addresses. */
static bool room_behind(const struct model *model, const struct remap *r)
{
	unsigned long old_end = r->addr + r->old_len, new_end = r->addr + r->new_len;

	return model_vma_end(model, r->addr) == old_end && new_end > old_end && new_end <= TASK_SIZE &&
	       !model_any_mapped(model, old_end, new_end);
}

/* Where it comes to; r->addr when it stays. */
static long destination(const struct model *model, const struct remap *r)
{
	long err = args(r);

	if (!err)
		err = first_vma(model, r);
	if (err)
		return err;
	if (says_where(r))
		return model_place(model, r->new_addr, r->new_len, r->flags & MREMAP_FIXED ? MAP_FIXED : 0);
	if (r->old_len >= r->new_len)
		return (long)r->addr;
	if (room_behind(model, r))
		return model_inside(model, r->addr, r->new_len) ? (long)r->addr : MODEL_OUTSIDE;
	return r->flags & MREMAP_MAYMOVE ? model_place(model, 0, r->new_len, 0) : -ENOMEM;
}

static struct remap remap_of(unsigned long addr, unsigned long old_len, unsigned long new_len, int flags,
			     unsigned long new_addr)
{
	return (struct remap){ addr, model_page_up(old_len), model_page_up(new_len), new_addr, flags };
}

long model_mremap_address(const struct model *model, unsigned long addr, unsigned long old_len, unsigned long new_len,
			  int flags, unsigned long new_addr)
{
	struct remap r = remap_of(addr, old_len, new_len, flags, new_addr);

	return destination(model, &r);
}

/* As many pages as its new length has, like the last one of the old, and nothing in them. */
static void grow(struct model *model, unsigned long addr, unsigned long old_len, unsigned long new_len)
{
	for (unsigned long done = old_len; done < new_len; done += PAGE_SIZE) {
		const struct model_page *last = model_page(model, addr + done - PAGE_SIZE);

		*model_page(model, addr + done) = (struct model_page){
			.mapped = true, .flags = last->flags, .name = last->name, .index = last->index + 1,
			.anon = last->anon, .inherited = last->inherited, .guarded = last->guarded,
		};
	}
}

/* Where the old range has PTE tables the new one gets them; one that is whole in both goes there itself. */
static void move_tables(struct model *model, unsigned long from, unsigned long to, unsigned long len)
{
	unsigned long piece;

	for (unsigned long done = 0; done < len; done += piece) {
		piece = PMD_SIZE - max((from + done) % PMD_SIZE, (to + done) % PMD_SIZE);
		piece = min(piece, len - done);
		if (!model_has_table(model, from + done))
			continue;
		model_need_tables(model, to + done);
		if (piece == PMD_SIZE)
			model_forget_table(model, from + done);
	}
}

static void move_pages(struct model *model, unsigned long from, unsigned long to, unsigned long len)
{
	for (unsigned long done = 0; done < len; done += PAGE_SIZE) {
		struct model_page *old = model_page(model, from + done), *new = model_page(model, to + done);

		*new = *old;
		new->begins = done == 0;
		if (!old->anon)
			new->index = (to + done) / PAGE_SIZE;
		*old = (struct model_page){
			.mapped = true, .flags = old->flags, .name = old->name, .index = old->index, .anon = old->anon,
			.inherited = old->inherited, .begins = old->begins, .guarded = old->guarded,
		};
	}
}

/* Left behind as a whole, and empty: it forgets what its pages belonged to, but not what makes it a VMA. */
static void leave_behind(struct model *model, unsigned long start, unsigned long end)
{
	model_begin_vma(model, start);
	model_begin_vma(model, end);
	model_for_each_page(model, i, addr, page, start, end) {
		page->anon = 0;
		page->inherited = false;
	}
}

/* What is in one VMA. The new range is merged with its neighbours while the old one is mapped yet. */
static void move_vma(struct model *model, unsigned long from, unsigned long old_len, unsigned long to,
		     unsigned long new_len, bool leaves)
{
	move_tables(model, from, to, old_len);
	move_pages(model, from, to, old_len);
	grow(model, to, old_len, new_len);
	model_expand(model, to, to + new_len);
	if (!leaves)
		model_unmap(model, from, from + old_len);
	else if (model_vma_start(model, from) == from && model_vma_end(model, from) == from + old_len)
		leave_behind(model, from, from + old_len);
}

/* One VMA after the other, and the gaps between them stay; what is split was split before. */
static void move_all(struct model *model, const struct remap *r, unsigned long to)
{
	unsigned long len, old_len = min(r->old_len, r->new_len);

	for (unsigned long done = 0; done < old_len; done += len) {
		unsigned long from = r->addr + done, new_len;

		len = PAGE_SIZE;
		if (!model_page(model, from) || !model_page(model, from)->mapped)
			continue;
		len = min(model_vma_end(model, from), r->addr + old_len) - from;
		new_len = only_moves(r) ? len : r->new_len;
		if ((r->flags & MREMAP_FIXED) && model_any_mapped(model, to + done, to + done + new_len))
			model_unmap(model, to + done, to + done + new_len);
		if (r->old_len > r->new_len)
			model_unmap(model, r->addr + r->new_len, r->addr + r->old_len);
		move_vma(model, from, len, to + done, new_len, r->flags & MREMAP_DONTUNMAP);
	}
}

static void resize(struct model *model, const struct remap *r)
{
	unsigned long end = r->addr + r->new_len;

	if (r->old_len > r->new_len)
		model_unmap(model, end, r->addr + r->old_len);
	if (r->old_len >= r->new_len)
		return;
	grow(model, r->addr, r->old_len, r->new_len);
	model_begin_vma(model, end);
	model_join_extended(model, end);
}

long model_mremap(struct model *model, unsigned long addr, unsigned long old_len, unsigned long new_len, int flags,
		  unsigned long new_addr)
{
	struct remap r = remap_of(addr, old_len, new_len, flags, new_addr);
	long at = destination(model, &r);

	BUG_ON(at == MODEL_OUTSIDE);
	if (at < 0)
		return at;
	if (at == (long)addr)
		resize(model, &r);
	else
		move_all(model, &r, (unsigned long)at);
	return at;
}
