/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.c - what the operations on an address space must do, page by page. */
#include "tests/lib/model/model_pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/op/madvise.h"
#include "core/pgtable/pgalloc.h"
#include "tests/lib/scene/tree.h"

#define BOTTOM_PAGES	64ul
#define BELOW_TOP_PAGES	128ul	/* below where the search for free addresses begins */

static void window_init(struct model_window *window, unsigned long base, unsigned long end)
{
	window->base = base;
	window->pages = (end - base) / PAGE_SIZE;
	window->page = calloc(window->pages, sizeof(*window->page));
	BUG_ON(!window->page);
}

void model_init(struct model *model, const struct mm_policy *policy)
{
	const unsigned long boundary = 8 * PGDIR_SIZE;

	*model = (struct model){ .policy = *policy };
	window_init(&model->window[0], 0, BOTTOM_PAGES * PAGE_SIZE);
	window_init(&model->window[1], boundary - 2 * PMD_SIZE, boundary + 2 * PMD_SIZE);
	window_init(&model->window[2], SEARCH_TOP - BELOW_TOP_PAGES * PAGE_SIZE, TASK_SIZE);
}

void model_copy(struct model *to, const struct model *from)
{
	*to = *from;
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++) {
		const struct model_window *window = &from->window[i];

		to->window[i].page = malloc(window->pages * sizeof(*window->page));
		BUG_ON(!to->window[i].page);
		memcpy(to->window[i].page, window->page, window->pages * sizeof(*window->page));
	}
}

void model_free(struct model *model)
{
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
		free(model->window[i].page);
}

static bool mapped(const struct model *model, unsigned long addr)
{
	const struct model_page *page = model_page(model, addr);

	return page && page->mapped;
}

bool model_any_mapped(const struct model *model, unsigned long start, unsigned long end)
{
	model_for_each_page(model, i, addr, page, start, end)
		if (page->mapped)
			return true;
	return false;
}

/* ---- tables ---- */
static unsigned long table_span(enum pgtable_level level)
{
	return level_span(level) * level_entries(level);
}

static unsigned int find_table(const struct model *model, enum pgtable_level level, unsigned long addr)
{
	unsigned int i = 0;

	while (i < model->nr_tables &&
	       (model->table[i].level != level || model->table[i].first != addr - addr % table_span(level)))
		i++;
	return i;
}

void model_need_tables(struct model *model, unsigned long addr)
{
	for (enum pgtable_level level = LEVEL_P4D; level <= LEVEL_PTE; level++) {
		if (!level_real(level) || find_table(model, level, addr) < model->nr_tables)
			continue;
		BUG_ON(model->nr_tables == MODEL_TABLES);
		model->table[model->nr_tables].level = level;
		model->table[model->nr_tables].first = addr - addr % table_span(level);
		model->nr_tables++;
	}
}

bool model_has_table(const struct model *model, unsigned long addr)
{
	return find_table(model, LEVEL_PTE, addr) < model->nr_tables;
}

static void drop_table(struct model *model, unsigned int i)
{
	model->table[i] = model->table[--model->nr_tables];
}

void model_forget_table(struct model *model, unsigned long addr)
{
	drop_table(model, find_table(model, LEVEL_PTE, addr));
}

void model_drop_unused_tables(struct model *model, unsigned long start, unsigned long end)
{
	for (unsigned int i = model->nr_tables; i-- > 0;) {
		unsigned long first = model->table[i].first, past = first + table_span(model->table[i].level);

		if (first < end && past > start && !model_any_mapped(model, first, past))
			drop_table(model, i);
	}
}

/* ---- mprotect ---- */

/* [@start, @end) of one VMA. Returns @end. */
static unsigned long protect_vma(struct model *model, unsigned long start, unsigned long end, int prot)
{
	const struct model_page *first = model_page(model, start);
	uint32_t flags = model_flags(prot), keeps = first->flags & ~(uint32_t)VM_ACCESS_FLAGS;

	if (first->flags == (flags | keeps))
		return end;
	if ((flags & VM_WRITE) && !(first->flags & (VM_WRITE | VM_NORESERVE)))
		keeps |= VM_ACCOUNT;
	else if (!(flags & VM_WRITE) && !first->anon)
		keeps &= ~(uint32_t)VM_ACCOUNT;
	flags |= keeps;
	model_for_each_page(model, i, addr, page, start, end) {
		page->flags = flags;
		page->write = page->state == MEMORY && !page->shared && (prot & PROT_WRITE);
		page->old = false;
	}
	model_join(model, start);
	model_join(model, end);
	return end;
}

int model_mprotect(struct model *model, unsigned long start, unsigned long len, int prot)
{
	unsigned long end = start + model_page_up(len);

	if (start % PAGE_SIZE)
		return -EINVAL;
	if (!len)
		return 0;
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | 8 /* PROT_SEM */))
		return -EINVAL;
	while (start < end) {
		const struct model_page *page = model_page(model, start);

		if (!page || !page->mapped)
			return -ENOMEM;
		start = protect_vma(model, start, min(end, model_vma_end(model, start)), prot);
	}
	return 0;
}

/* ---- touching ---- */
vm_fault_t model_touch(struct model *model, unsigned long addr, bool write, uint8_t content)
{
	struct model_page *page = model_page(model, addr);

	if (!page || !page->mapped)
		return VM_FAULT_SIGSEGV | VM_FAULT_BADMAP;
	if (write ? !(page->flags & VM_WRITE) : !(page->flags & VM_ACCESS_FLAGS))
		return VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS;
	model_need_tables(model, addr);
	if (page->state == GUARD)
		return VM_FAULT_SIGSEGV;
	page->old = false;
	if (write) {
		model_anon_prepare(model, addr);
		page->state = MEMORY;
		page->shared = false;
		page->write = page->dirty = true;
		page->content = content;
	} else if (page->state == NOTHING) {
		page->state = ZEROES;
	}
	return 0;
}

/* ---- madvise ---- */
static void drop_page(struct model_page *page)
{
	page->state = NOTHING;
	page->write = page->dirty = page->old = page->shared = false;
	page->content = 0;
}

/* All of one PTE table lies in one VMA and in [start, end), and has nothing in it. */
static bool reclaimable(const struct model *model, unsigned long first, unsigned long start, unsigned long end)
{
	const struct model_page *page = model_page(model, first);

	if (first < start || first + PMD_SIZE > end || !page || !page->mapped ||
	    model_vma_end(model, first) < first + PMD_SIZE)
		return false;
	model_for_each_page(model, i, addr, slot, first, first + PMD_SIZE)
		if (slot->state != NOTHING)
			return false;
	return true;
}

static void drop_emptied_tables(struct model *model, unsigned long start, unsigned long end)
{
	for (unsigned int i = model->nr_tables; i-- > 0;)
		if (model->table[i].level == LEVEL_PTE && reclaimable(model, model->table[i].first, start, end))
			drop_table(model, i);
}

static int advise_mapped(struct model *model, unsigned long start, unsigned long end, int advice)
{
	int err = 0;

	for (unsigned long addr = start; addr < end; addr += PAGE_SIZE) {
		struct model_page *page = model_page(model, addr);

		if (!page || !page->mapped) {
			err = -ENOMEM;
			continue;
		}
		if (advice == MADV_GUARD_INSTALL) {
			model_need_tables(model, addr);
			model_anon_prepare(model, addr);
			model_set_guarded(model, addr);
			drop_page(page);
			page->state = GUARD;
		} else if ((page->state == GUARD) == (advice == MADV_GUARD_REMOVE)) {
			drop_page(page);
		}
	}
	if (advice == MADV_DONTNEED && model->policy.reclaim_tables)
		drop_emptied_tables(model, start, end);
	return err;
}

static int populate(struct model *model, unsigned long start, unsigned long end, bool write)
{
	for (unsigned long addr = start; addr < end; addr += PAGE_SIZE) {
		struct model_page *page = model_page(model, addr);

		if (!page || !page->mapped)
			return -ENOMEM;
		if (!(page->flags & (write ? VM_WRITE : VM_READ)))
			return -EINVAL;
		if (model_touch(model, addr, write, page->content))
			return -EFAULT;
	}
	return 0;
}

int model_madvise(struct model *model, unsigned long start, unsigned long len, int advice)
{
	unsigned long end = start + model_page_up(len);

	switch (advice) {
	case MADV_DONTNEED:
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		break;
	default:
		return -EINVAL;
	}
	if (start % PAGE_SIZE || (len && !model_page_up(len)) || end < start)
		return -EINVAL;
	if (start == end)
		return 0;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return populate(model, start, end, advice == MADV_POPULATE_WRITE);
	return advise_mapped(model, start, end, advice);
}

int model_mincore(struct model *model, unsigned long start, unsigned long len, unsigned char *vec)
{
	unsigned long end = start + model_page_up(len);

	if (start % PAGE_SIZE)
		return -EINVAL;
	if (start > TASK_SIZE || len > TASK_SIZE - start)
		return -ENOMEM;
	for (; start < end; start += PAGE_SIZE) {
		if (!mapped(model, start))
			return -ENOMEM;
		*vec++ = model_page(model, start)->state == ZEROES || model_page(model, start)->state == MEMORY;
	}
	return 0;
}
