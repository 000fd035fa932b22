/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migration_ptes.c - turns migration entries into entries that map. */
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap.h"
#include "core/mm/rmap_walk.h"
#include "core/op/migrate.h"
#include "core/pgtable/swapent.h"
#include "core/phys/deferred_split.h"
#include "core/phys/hugetlb_pool.h"

/*
 * folio_lock_anon_vma_read() needs a mapped folio, this one is not: the migrator's reference keeps its anon_vma
 * instead.
 */
static struct anon_vma *lock_by_reference(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma = folio_anon_vma(folio);

	(void)rwc;
	anon_vma_lock_read(anon_vma);
	return anon_vma;
}

/*
 * With the VMA's current permissions: a change of them updates all entries afterwards, under the PTL. Source:
 * mm/migrate.c.
 */
static void remove_migration_pte(struct folio *from, struct folio *to, struct vm_area_struct *vma, unsigned long addr,
				 pte_t *ptep)
{
	pte_t old = ptep_get(ptep), pte;
	struct page *page = folio_page(to, swapent_payload(old) - folio_pfn(from));

	pte = mk_pte(page, load_relaxed(&vma->vm_page_prot));
	if (!migration_pte_young(old))
		pte = pte_mkold(pte);
	if (folio_is_device_private(to))
		pte = make_device_private_pte(folio_pfn(to), migration_pte_write(old));
	else if (migration_pte_write(old))
		pte = pte_mkwrite(pte);
	else if (unlikely(pte_swp_uffd_wp(old)))
		pte = pte_mkuffd_wp(pte);
	if (unlikely(pte_swp_uffd_wp(old)) && folio_is_device_private(to))
		pte = pte_swp_mkuffd_wp(pte);
	if (migration_pte_dirty(old) && !folio_is_device_private(to))
		pte = pte_mkdirty(pte);
	if (folio_is_device_private(to))
		pte = pte_swp_soft_dirty(old) ? pte_swp_mksoft_dirty(pte) : pte;
	else
		pte = pte_swp_soft_dirty(old) ? pte_mksoft_dirty(pte) : pte_clear_soft_dirty(pte);
	folio_get(to);
	if (folio_test_anon(to))
		folio_add_anon_rmap_ptes(to, page, 1, vma, addr,
					 migration_pte_exclusive(old) ? RMAP_EXCLUSIVE : RMAP_NONE);
	else
		folio_add_file_rmap_ptes(to, page, 1, vma);
	set_pte(ptep, pte);
}

/* The same for a leaf. An anonymous one has its deposit still. Source: mm/huge_memory.c. */
static void remove_migration_pmd(struct folio *from, struct folio *to, struct vm_area_struct *vma, unsigned long addr,
				 pmd_t *pmdp)
{
	pte_t old = pmd_to_swp_entry(pmdp_get(pmdp));
	struct page *page = folio_page(to, swapent_payload(old) - folio_pfn(from));
	pmd_t pmd = mk_huge_pmd(page, load_relaxed(&vma->vm_page_prot));

	pmd = migration_pte_young(old) ? pmd : pmd_mkold(pmd);
	pmd = migration_pte_write(old) ? pmd_mkwrite(pmd) : pmd;
	pmd = migration_pte_dirty(old) ? pmd_mkdirty(pmd) : pmd;
	pmd = pte_swp_soft_dirty(old) ? pmd_mksoft_dirty(pmd) : pmd_clear_soft_dirty(pmd);
	folio_get(to);
	if (!folio_test_anon(to) && folio_test_hugetlb(to))
		hugetlb_add_file_rmap(to);
	else if (folio_test_anon(to))
		folio_add_anon_rmap_pmd(to, page, vma, addr, migration_pte_exclusive(old) ? RMAP_EXCLUSIVE : RMAP_NONE);
	else
		folio_add_file_rmap_pmd(to, page, vma);
	set_pmd_at(pmdp, pmd);
}

/* No lock key: the migrator's own. */
struct move {
	struct folio *from, *to;
};

static bool restore_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	const struct move *move = arg;
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(move->from, vma, addr, PVMW_SYNC | PVMW_MIGRATION);

	(void)folio;
	while (page_vma_mapped_walk(&pvmw)) {
		if (pvmw.pte)
			remove_migration_pte(move->from, move->to, vma, pvmw.address, pvmw.pte);
		else
			remove_migration_pmd(move->from, move->to, vma, pvmw.address & PMD_MASK, pvmw.pmd);
	}
	return true;
}

void remove_migration_ptes(struct folio *from, struct folio *to)
{
	struct move move = { from, to };
	struct rmap_walk_control rwc = { .arg = &move, .rmap_one = restore_one, .anon_lock = lock_by_reference };

	/* The node of a merged folio goes with it. */
	rmap_walk(folio_test_ksm(to) ? to : from, &rwc);
	/* Of a large folio's entries some may have been zapped meanwhile, and the new one is in no queue. */
	if (unlikely(folio_partially_mapped(to)))
		deferred_split_folio(to);
}
