/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmalloc.c - the kernel's address space: areas, and the entries of their pages. */
#include "core/mm/vmalloc.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pgalloc.h"
#include "core/phys/folio.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(VMAP, "areas of kernel addresses mapped");
DEFINE_EVENT(VMAP_LEAF, "huge pages mapped by leaves of kernel tables");
DEFINE_EVENT(KERNEL_TABLE_FREE, "kernel PTE tables freed for a leaf");

/*
 * One range of addresses, followed by an unmapped page. Only its owner reads pages and order.
 *
 * Lock key: (C) const while on the list (L) the lock of the list
 */
struct vm_struct {
	TAILQ_ENTRY(vm_struct) next;	/* (L) by address */
	unsigned long addr, nr_pages;	/* (C) */
	unsigned int node;		/* (C) of this memory */
	unsigned int order;		/* (C) of its blocks of pages: 0, or HPAGE_PMD_ORDER */
	struct page *pages[];		/* (C) the first of each block */
};

struct mm_struct *init_mm;

static TAILQ_HEAD(, vm_struct) areas = TAILQ_HEAD_INITIALIZER(areas);	/* (L) */
static spinlock_t areas_lock;

#define KERNEL_PROT	(ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED | ENTRY_DIRTY)

/* ---- areas ---- */

static unsigned long area_end(const struct vm_struct *area)
{
	return area->addr + (area->nr_pages << PAGE_SHIFT);
}

static unsigned long nr_blocks(const struct vm_struct *area)
{
	return area->nr_pages >> area->order;
}

/* The first free range that is large enough. False: there is none. */
static bool take_range(struct vm_struct *area)
{
	const unsigned long align = PAGE_SIZE << area->order, size = (area->nr_pages + 1) << PAGE_SHIFT;
	struct vm_struct *above;

	area->addr = VMALLOC_START;
	spin_lock(&areas_lock);
	TAILQ_FOREACH(above, &areas, next) {
		if (area->addr + size <= above->addr)
			break;
		area->addr = ALIGN_UP(area_end(above) + PAGE_SIZE, align);
	}
	if (above)
		TAILQ_INSERT_BEFORE(above, area, next);
	else if (area->addr <= VMALLOC_END - size)
		TAILQ_INSERT_TAIL(&areas, area, next);
	else
		area->addr = 0;
	spin_unlock(&areas_lock);
	return area->addr;
}

static void free_range(struct vm_struct *area)
{
	spin_lock(&areas_lock);
	TAILQ_REMOVE(&areas, area, next);
	spin_unlock(&areas_lock);
}

static struct vm_struct *find_area(unsigned long addr)
{
	struct vm_struct *area;

	spin_lock(&areas_lock);
	TAILQ_FOREACH(area, &areas, next)
		if (area->addr == addr)
			break;
	spin_unlock(&areas_lock);
	BUG_ON(!area);
	return area;
}

static size_t area_bytes(unsigned long nr, unsigned int order)
{
	return sizeof(struct vm_struct) + (nr >> order) * sizeof(struct page *);
}

static struct vm_struct *area_alloc(unsigned long nr, unsigned int order)
{
	struct vm_struct *area = node_zalloc(local_node(), area_bytes(nr, order), CACHE_LINE);

	if (!area)
		return NULL;
	area->nr_pages = nr;
	area->order = order;
	area->node = local_node();
	return area;
}

static void area_free(struct vm_struct *area)
{
	node_free(area, area->node, area_bytes(area->nr_pages, area->order));
}

/* ---- entries ---- */

DEFINE_KNOCKOUT(VMAP_TABLE_LOCK,
	.name = "vmap:table-lock",
	.removes = "init_mm's mmap_lock around freeing a kernel PTE table",
	.breaks = "a walk of kernel tables in a freed table",
	.detected_by = "the check of the table's life in the page walk",
	.hunt = "test knockout.vmalloc");

/*
 * A leaf is about to replace the empty table that an earlier area left. No walk is inside, and later ones find none.
 * Source: mm/vmalloc.c, vmap_try_huge_pmd(); arch/x86/mm/pgtable.c, pmd_free_pte_page().
 */
static void free_kernel_table(pmd_t *pmdp)
{
	struct page *table = pmd_table_page(pmdp_get(pmdp));

	if (!KNOCKED_OUT(VMAP_TABLE_LOCK))
		mmap_write_lock(init_mm);
	store_relaxed(&pmdp->val, 0);
	count_event(EV_TLB_FLUSH);
	mm_count(&init_mm->pt, MM_PTE_TABLES, -1);
	count_event(EV_TABLE_FREE);
	count_event(EV_KERNEL_TABLE_FREE);
	table_free(table);
	if (!KNOCKED_OUT(VMAP_TABLE_LOCK))
		mmap_write_unlock(init_mm);
}

/* Returns 0 or -ENOMEM. The area has the range of the whole PMD entry. */
static int map_leaf(unsigned long addr, struct page *page)
{
	pmd_t *pmdp = pmd_alloc_path(&init_mm->pt, addr);

	if (!pmdp)
		return -ENOMEM;
	if (pmd_is_table(pmdp_get(pmdp)))
		free_kernel_table(pmdp);
	BUG_ON(!pmd_none(pmdp_get(pmdp)));
	set_pmd_at(pmdp, mk_huge_pmd(page, KERNEL_PROT));
	count_event(EV_VMAP_LEAF);
	return 0;
}

/* Returns 0 or -ENOMEM. Source: mm/vmalloc.c, vmap_pages_pte_range(). */
static int map_pte(unsigned long addr, struct page *page)
{
	pmd_t *pmdp = pmd_alloc_path(&init_mm->pt, addr);
	pte_t *ptep;

	if (!pmdp || pte_alloc(&init_mm->pt, pmdp))
		return -ENOMEM;
	ptep = pte_offset_kernel(pmdp, addr);
	BUG_ON(!pte_none(ptep_get(ptep)));
	set_pte(ptep, mk_pte(page, KERNEL_PROT));
	return 0;
}

/* Clears what is mapped. Source: mm/vmalloc.c, vunmap_range_noflush(). */
static void clear_range(unsigned long addr, unsigned long end)
{
	unsigned long next;
	pmd_t *pmdp;

	for (; (pmdp = pmd_find_next(&init_mm->pt, &addr, end)); addr = next) {
		next = pmd_addr_end(addr, end);
		if (pmd_trans_huge(pmdp_get(pmdp)))
			pmdp_get_and_clear(pmdp);
		else if (pmd_is_table(pmdp_get(pmdp)))
			for (unsigned long at = addr; at < next; at += PAGE_SIZE)
				ptep_get_and_clear(pte_offset_kernel(pmdp, at));
	}
}

DEFINE_KNOCKOUT(VUNMAP_CLEAR,
	.name = "vunmap:clear",
	.removes = "clearing entries before their range of kernel addresses is free again",
	.breaks = "an area over entries of the one before",
	.detected_by = "the check for an empty entry where one is set",
	.hunt = "test knockout.vmalloc");

/* Unmaps the pages, and frees the range: in this order, since the next owner expects it empty. */
static void unmap_area(struct vm_struct *area)
{
	if (KNOCKED_OUT(VUNMAP_CLEAR))
		free_range(area);
	SYNCPOINT("vmalloc.unmap");
	clear_range(area->addr, area_end(area));
	count_event(EV_TLB_FLUSH);
	if (!KNOCKED_OUT(VUNMAP_CLEAR))
		free_range(area);
}

static int map_area(struct vm_struct *area)
{
	const unsigned long size = PAGE_SIZE << area->order;
	int err = take_range(area) ? 0 : -ENOMEM;

	if (err)
		return err;
	for (unsigned long i = 0; !err && i < nr_blocks(area); i++) {
		const unsigned long addr = area->addr + i * size;

		err = area->order ? map_leaf(addr, area->pages[i]) : map_pte(addr, area->pages[i]);
		SYNCPOINT("vmalloc.mapped");
	}
	if (err)
		unmap_area(area);
	else
		count_event(EV_VMAP);
	return err;
}

/* ---- calls ---- */

unsigned long vmap(struct page *const *pages, unsigned long nr)
{
	struct vm_struct *area = area_alloc(nr, 0);

	if (!area)
		return 0;
	for (unsigned long i = 0; i < nr; i++)
		area->pages[i] = pages[i];
	if (!map_area(area))
		return area->addr;
	area_free(area);
	return 0;
}

void vunmap(unsigned long addr)
{
	struct vm_struct *area = find_area(addr);

	unmap_area(area);
	area_free(area);
}

static void free_blocks(struct vm_struct *area)
{
	for (unsigned long i = 0; i < nr_blocks(area) && area->pages[i]; i++)
		folio_put(page_folio(area->pages[i]));
	area_free(area);
}

/* Blocks of 1 << @order pages, as many as hold @nr. 0 without memory. */
static unsigned long alloc_and_map(unsigned long nr, unsigned int order)
{
	struct vm_struct *area = area_alloc(ALIGN_UP(nr, 1ul << order), order);
	bool whole = area;

	for (unsigned long i = 0; whole && i < nr_blocks(area); i++) {
		struct folio *folio = folio_alloc(order, 0);

		area->pages[i] = folio ? &folio->page : NULL;
		whole = folio;
	}
	if (whole && !map_area(area))
		return area->addr;
	if (area)
		free_blocks(area);
	return 0;
}

unsigned long vmalloc(unsigned long nr)
{
	return alloc_and_map(nr, 0);
}

unsigned long vmalloc_huge(unsigned long nr)
{
	unsigned long addr = THP_POSSIBLE && nr >= HPAGE_PMD_NR ? alloc_and_map(nr, HPAGE_PMD_ORDER) : 0;

	return addr ? addr : vmalloc(nr);
}

void vfree(unsigned long addr)
{
	struct vm_struct *area = find_area(addr);

	unmap_area(area);
	free_blocks(area);
}

struct page *vmalloc_to_page(unsigned long addr)
{
	unsigned long found = addr;
	pmd_t *pmdp = pmd_find_next(&init_mm->pt, &found, addr + 1), pmd;
	pte_t pte;

	if (!pmdp)
		return NULL;
	pmd = pmdp_get(pmdp);
	if (pmd_trans_huge(pmd))
		return pmd_page(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
	if (!pmd_is_table(pmd))
		return NULL;
	pte = ptep_get(pte_offset_kernel(pmdp, addr));
	return pte_present(pte) ? pte_page(pte) : NULL;
}

/* ---- the address space ---- */

int vmalloc_init(const struct mm_policy *policy)
{
	struct mm_policy kernel = *policy;

	kernel.pte_ptl = PTL_MM;
	kernel.pmd_ptl = PTL_MM;
	init_mm = mm_create(&kernel);
	if (!init_mm)
		return -ENOMEM;
	init_mm->pt.is_kernel = true;
	spin_lock_init(&areas_lock, kernel.spin, RANK_VMAP_AREA);
	return 0;
}

void vmalloc_exit(void)
{
	struct mmu_gather tlb;

	BUG_ON(!TAILQ_EMPTY(&areas));
	tlb_gather_mmu(&tlb, &init_mm->pt);
	free_pgtables(&tlb, VMALLOC_START, VMALLOC_END, 0, 0);
	tlb_finish_mmu(&tlb);
	mm_free(init_mm);
	init_mm = NULL;
}
