/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_check.c - an address space against its model. */
#include <stdio.h>

#include "core/mm/mm.h"
#include "core/mm/vma.h"
#include "core/phys/folio.h"
#include "core/phys/page_flags.h"
#include "tests/lib/model/model_pages.h"
#include "tests/lib/scene/tree.h"

static bool begins_vma(const struct model_window *window, unsigned long n)
{
	return window->page[n].mapped && (n == 0 || !model_same_vma(&window->page[n - 1], &window->page[n]));
}

unsigned long model_count(const struct model *model, enum page_state state)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
		for (unsigned long n = 0; n < model->window[i].pages; n++)
			pages += model->window[i].page[n].state == state;
	return pages;
}

static bool check_vma(const struct vm_area_struct *vma, const struct model_window *window, unsigned long n)
{
	const struct model_page *page = &window->page[n];
	unsigned long start = window->base + n * PAGE_SIZE, end = start + PAGE_SIZE;

	while (n + 1 < window->pages && model_same_vma(&window->page[n], &window->page[n + 1])) {
		n++;
		end += PAGE_SIZE;
	}
	if (vma && vma->vm_start == start && vma->vm_end == end && vma->vm_flags == page->flags &&
	    vma->vm_name == page->name && vma->vm_pgoff == page->index)
		return true;
	fprintf(stderr, "a VMA should be %lx-%lx flags %x name %u", start, end, page->flags, page->name);
	if (vma)
		fprintf(stderr, ", but is %lx-%lx flags %lx name %u pgoff %lx\n", vma->vm_start, vma->vm_end,
			vma->vm_flags, vma->vm_name, vma->vm_pgoff);
	else
		fprintf(stderr, ", but there is none\n");
	return false;
}

static unsigned long end_of(const struct vm_area_struct *vma)
{
	return vma->vm_end;
}

static bool check_vmas(const struct model *model, struct mm_struct *mm)
{
	struct vm_area_struct *vma = vma_tree_find(&mm->tree, 0);
	unsigned int vmas = 0;

	for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
		for (unsigned long n = 0; n < model->window[i].pages; n++) {
			if (!begins_vma(&model->window[i], n))
				continue;
			if (!check_vma(vma, &model->window[i], n))
				return false;
			vma = vma_tree_find(&mm->tree, vma->vm_end);
			vmas++;
		}
	if (!vma && vma_tree_check(&mm->tree, end_of) == vmas && mm->map_count == vmas)
		return true;
	fprintf(stderr, "%u VMAs, map_count %u, but the tree has %u%s\n", vmas, mm->map_count,
		vma_tree_check(&mm->tree, end_of), vma ? ", more than the model" : "");
	return false;
}

/* The entry but for the number of a page of its own. */
static uint64_t expected_bits(const struct model_page *page)
{
	uint64_t bits = (page->flags & VM_ACCESS_FLAGS ? ENTRY_PRESENT : ENTRY_PROTNONE) |
			(page->old ? 0 : ENTRY_ACCESSED);

	switch (page->state) {
	case NOTHING:
		return 0;
	case GUARD:
		return make_swapent(SWAPENT_GUARD, 0).val;
	case ZEROES:
		return bits | ENTRY_SPECIAL | (page_to_pfn(zero_page) << PAGE_SHIFT);
	default:
		return bits | (page->write ? ENTRY_WRITE : 0) | (page->dirty ? ENTRY_DIRTY : 0);
	}
}

static bool check_contents(struct page *page, uint8_t content)
{
	const uint8_t *bytes = page_payload(page);

	if (!machine.payload)
		return true;
	if (bytes[0] != content || bytes[machine.payload - 1] != content)
		return false;
	for (unsigned int i = 1; i < min(machine.payload - 1, 128u); i++)
		if (bytes[i])
			return false;
	return true;
}

/* Others may have a page that fork shared, or have had it. */
static bool check_owners(const struct page *page, bool shared)
{
	int refs = page_ref_count(page);

	return refs == page_mapcount(page) && (shared ? refs > 0 : refs == 1) && PageAnonExclusive(page) == !shared;
}

static bool check_page(const struct model_page *page, unsigned long addr, pte_t pte)
{
	uint64_t bits = page->state == MEMORY ? pte_bits(pte) : pte.val;
	struct page *frame;

	if (bits != expected_bits(page)) {
		fprintf(stderr, "entry of %lx is %lx, should be %lx\n", addr, (unsigned long)pte.val,
			(unsigned long)expected_bits(page));
		return false;
	}
	if (page->state != MEMORY)
		return true;
	frame = pte_page(pte);
	if (page_type(frame) == PAGE_ANON && check_owners(frame, page->shared) &&
	    frame->index == page->index && check_contents(frame, page->content))
		return true;
	fprintf(stderr, "page of %lx: type %d, %d references, %d mappings, index %lx, content %x should be %x\n", addr,
		page_type(frame), page_ref_count(frame), page_mapcount(frame), frame->index,
		machine.payload ? *(uint8_t *)page_payload(frame) : 0, page->content);
	return false;
}

static bool check_pages(const struct model *model, struct mm_struct *mm)
{
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
		for (unsigned long n = 0; n < model->window[i].pages; n++) {
			unsigned long addr = model->window[i].base + n * PAGE_SIZE;

			if (!check_page(&model->window[i].page[n], addr, tree_pte(mm, addr)))
				return false;
		}
	return true;
}

static bool check_tables(const struct model *model, struct mm_struct *mm)
{
	struct tree_counts counts = tree_count(mm);

	for (unsigned int i = 0; i < model->nr_tables; i++)
		if (!tree_entry(mm->pt.pgd, model->table[i].level, model->table[i].first)) {
			fprintf(stderr, "no table of level %d at %lx\n", model->table[i].level, model->table[i].first);
			return false;
		}
	if (counts.pte_tables + counts.upper_tables == model->nr_tables)
		return true;
	fprintf(stderr, "%lu tables, should be %u\n", counts.pte_tables + counts.upper_tables, model->nr_tables);
	return false;
}

static bool check_counts(const struct model *model, struct mm_struct *mm)
{
	struct tree_counts counts = tree_count(mm);
	unsigned long pages = 0;

	for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
		for (unsigned long n = 0; n < model->window[i].pages; n++)
			pages += model->window[i].page[n].mapped;
	if (mm->total_vm == pages && counts.anon == model_count(model, MEMORY) &&
	    counts.zero == model_count(model, ZEROES) && counts.guard == model_count(model, GUARD))
		return tree_counters_right(mm);
	fprintf(stderr,
		"total_vm %lu should be %lu; pages %lu, zero pages %lu, guards %lu should be %lu, %lu, %lu\n",
		mm->total_vm, pages, counts.anon, counts.zero, counts.guard, model_count(model, MEMORY),
		model_count(model, ZEROES), model_count(model, GUARD));
	return false;
}

/* VMAs have an anon_vma, and the same one, where they must. */
static bool check_anon_vmas(const struct model *model, struct mm_struct *mm)
{
	struct vm_area_struct *vma, *other;

	for (vma = vma_tree_find(&mm->tree, 0); vma; vma = vma_tree_find(&mm->tree, vma->vm_end)) {
		unsigned int anon = model_page(model, vma->vm_start)->anon;
		bool right = !anon == !vma->anon_vma;

		for (other = vma_tree_find(&mm->tree, 0); other != vma; other = vma_tree_find(&mm->tree, other->vm_end))
			right = right && (!anon || (model_page(model, other->vm_start)->anon == anon) ==
						   (other->anon_vma == vma->anon_vma));
		if (right)
			continue;
		fprintf(stderr, "VMA %lx-%lx should have anon_vma number %u, but has none, or another's\n",
			vma->vm_start, vma->vm_end, anon);
		return false;
	}
	return true;
}

bool model_check_but_tables(const struct model *model, struct mm_struct *mm)
{
	return check_vmas(model, mm) && check_pages(model, mm) && check_counts(model, mm);
}

bool model_check(const struct model *model, struct mm_struct *mm)
{
	return model_check_but_tables(model, mm) && check_tables(model, mm) && check_anon_vmas(model, mm);
}
