/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_pages.h - what the model's files share. */
#ifndef FAULTLINE_TESTS_LIB_MODEL_MODEL_PAGES_H
#define FAULTLINE_TESTS_LIB_MODEL_MODEL_PAGES_H

#include "core/op/mmap.h"
#include "tests/lib/model/model.h"

#define SEARCH_TOP	(TASK_SIZE - PMD_SIZE)	/* where the search for free addresses begins */

/* Every page of all windows that lies in [start, end), in order. */
#define model_for_each_page(model, i, addr, page, start, stop) \
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++) \
		for (unsigned long addr = max((model)->window[i].base, (start)), \
		     i##_end = min((model)->window[i].base + (model)->window[i].pages * PAGE_SIZE, (stop)); \
		     addr < i##_end; addr += PAGE_SIZE) \
			for (struct model_page *page = model_page((model), addr); page; page = NULL)

/* Something of [@start, @end) is mapped. */
bool model_any_mapped(const struct model *model, unsigned long start, unsigned long end);
/* Forgets tables over [@start, @end) that map nothing of a VMA that is left. */
void model_drop_unused_tables(struct model *model, unsigned long start, unsigned long end);

/* Sees to the tables that an entry for @addr needs. model_has_table - its PTE table is there. */
void model_need_tables(struct model *model, unsigned long addr);
bool model_has_table(const struct model *model, unsigned long addr);
/* Forgets the PTE table of @addr, which is there. */
void model_forget_table(struct model *model, unsigned long addr);

/* ---- places ---- */

/*
 * Where a mapping of @len bytes comes, as get_unmapped_area() must have it: the highest free range, unless @addr is
 * free. MODEL_OUTSIDE: not into one window.
 */
long model_place(const struct model *model, unsigned long addr, unsigned long len, int flags);
/* [@addr, @addr + @len) lies in one window. */
bool model_inside(const struct model *model, unsigned long addr, unsigned long len);
/* Takes mappings away, tables that are not needed any more too. */
void model_unmap(struct model *model, unsigned long start, unsigned long end);

/* ---- VMAs ---- */

/* @b, the page after @a, is of the same VMA. */
bool model_same_vma(const struct model_page *a, const struct model_page *b);
/* Where the VMA that holds @addr begins, and ends. */
unsigned long model_vma_start(const struct model *model, unsigned long addr);
unsigned long model_vma_end(const struct model *model, unsigned long addr);
/* The VMA that holds @addr has, or had guards. */
void model_set_guarded(struct model *model, unsigned long addr);
/* What is mapped from @addr on is a VMA of its own. */
void model_begin_vma(struct model *model, unsigned long addr);
/* The VMAs that touch at @addr become one if they may. */
void model_join(struct model *model, unsigned long addr);
/* The same where the left one was just extended up to @addr: what it inherited does not matter. */
void model_join_extended(struct model *model, unsigned long addr);
/* [@start, @end) was just mapped, or is a copy of such pages: it becomes part of a neighbour if it may. */
void model_expand(struct model *model, unsigned long start, unsigned long end);
/* The VMA that holds @addr has an anon_vma from now on. */
void model_anon_prepare(struct model *model, unsigned long addr);

static inline unsigned long model_page_up(unsigned long len)
{
	return (len + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
}

static inline uint32_t model_flags(int prot)
{
	return (uint32_t)((prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
			 (prot & PROT_EXEC ? VM_EXEC : 0));
}

#endif
