/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_fast.c - GUP-fast: pages found and pinned without any lock.
 *
 * It promises: each page returned was mapped at its address, with the rights asked for, at one moment of the call; and if it is
 * pinned, neither fork nor anybody else shares it or takes it from its mm before it is unpinned. It never waits. Whatever it meets
 * that needs more than that - a missing entry, the page of zeroes, a change on the way, a fork - it leaves to the slow path.
 *
 * Tables are read inside a section in which none is freed; upper ones too may be unlinked meanwhile, so each entry is read once, and
 * the table below found from that value. Then for each page (rmap.h has both sides):
 *
 *   (B1) read the PTE
 *   (B2) to write, and it is not writable: leave it
 *   (B3) pin; the frame may be free or somebody else's by now: a reference is refused, or was taken from another
 *   (B4) read PMD and PTE again; not the same: give back what was taken
 *   (B5) a pin for reading, and the page is not exclusive: give it back
 *
 * What B4 says: at that moment the PTE was in its place, so the reference taken before is to the page it names, which was not freed
 * in between (page-ref), nor is going to be. The PMD is read too because a whole PTE table can be moved to another address
 * with all its entries. Whoever clears the entry later to share or replace the page looks for pins after it did (gup-share), and
 * who clears exclusive does so before another entry of the page can be found (gup-unshare).
 *
 * Fork only makes entries read-only and maps pages twice; it says so first, in write_protect_seq, and then looks for pins. So the
 * sequence is read before B1 and after B4, and all pins of the call go back if it moved (gup-fork).
 *
 * Three lines: a reader of tables is kept by RCU; a pin is published before what it relies on is read again; a sharer destroys what
 * the reader relies on before it looks for pins.
 */
#include "core/op/gup_grab.h"
#include "core/pgtable/shootdown.h"

/* Lock key: (T) this thread only */
struct gup_fast {
	unsigned int flags;		/* (T) FOLL_* */
	unsigned long nr;		/* (T) pages so far */
	struct page **pages;		/* (T) */
};

/*
 * A section in which no table of @pt is freed: upper ones go when VMAs are unmapped, whatever the policy about empty PTE tables.
 * ORDER[table-free:B] it begins before the first entry is read; pairs with ORDER[table-free:A] in mmu_gather.c. Weaker: a
 * table is freed and used anew under its reader.
 */
static force_inline void tables_section_begin(struct mm_pgtable *pt)
{
	if (KNOCKED_OUT(GUP_SECTION))
		return;
	if (likely(pt->policy.table_free == TABLE_FREE_RCU))
		rcu_read_lock();
	else
		shootdown_walk_begin();
}

static force_inline void tables_section_end(struct mm_pgtable *pt)
{
	if (KNOCKED_OUT(GUP_SECTION))
		return;
	if (likely(pt->policy.table_free == TABLE_FREE_RCU))
		rcu_read_unlock();
	else
		shootdown_walk_end();
}

/* (B4) Without it, what was pinned may be gone from the address, or never have been there. */
static force_inline bool still_mapped(pmd_t *pmdp, pmd_t pmd, pte_t *ptep, pte_t pte)
{
	if (unlikely(!pmd_same(pmd, pmdp_get(pmdp)) && !KNOCKED_OUT(GUP_PMD_RECHECK)))
		return false;
	/* ORDER[page-ref:B] after the reference was taken with acquire; pairs with ORDER[page-ref:A]. */
	return likely(pte_same(pte, ptep_get_lockless(ptep)) || KNOCKED_OUT(GUP_RECHECK));
}

/* Source: mm/gup.c, gup_fast_pte_range(). */
static force_inline bool gup_fast_pte(struct gup_fast *gup, pmd_t *pmdp, pmd_t pmd, pte_t *ptep)
{
	pte_t pte = ptep_get_lockless(ptep);	/* (B1) */
	struct folio *folio;
	struct page *page;

	if (unlikely(!pte_accessible(pte) || pte_special(pte)))
		return false;
	if (unlikely((gup->flags & FOLL_WRITE) && !pte_write(pte)) && !KNOCKED_OUT(GUP_WRITE_CHECK))	/* (B2) */
		return false;
	page = pte_page(pte);
	SYNCPOINT("gup.read_pte");
	folio = try_grab_folio_fast(page, gup->flags);	/* (B3) */
	if (unlikely(!folio)) {
		count_event(EV_GUP_CHANGED);
		return false;
	}
	/*
	 * ORDER[gup-share:B] the pin, then what it relies on: the entry; pairs with ORDER[gup-share:A]. Weaker: the re-read passes
	 * the pin and finds what a sharer is about to clear, the sharer finds no pin, and a pinned page is shared.
	 * ORDER[gup-fork:B] and write_protect_seq, read in gup_fast(); pairs with ORDER[gup-fork:A].
	 */
	if (!KNOCKED_OUT(GUP_SHARE_B))
		smp_mb__after_atomic();
	SYNCPOINT("gup.pinned");
	if (unlikely(!still_mapped(pmdp, pmd, ptep, pte))) {
		count_event(EV_GUP_CHANGED);
		gup_put_folio(folio, gup->flags);
		return false;
	}
	/*
	 * (B5) ORDER[gup-unshare:B] exclusive is read after the entry was, with acquire; pairs with ORDER[gup-unshare:A]. Weaker: it
	 * is read as it was before the page was shared, and the entry as it came back afterwards.
	 */
	if (unlikely(gup_must_unshare(page, gup->flags))) {
		gup_put_folio(folio, gup->flags);
		return false;
	}
	gup->pages[gup->nr++] = page;
	return true;
}

/* The PMD entry of @addr, read into *@pmd; NULL where a table is missing. Locking: a section. */
static force_inline pmd_t *pmd_lockless(pgd_t *pgd_table, unsigned long addr, pmd_t *pmd)
{
	pgd_t *pgdp = pgd_offset(pgd_table, addr), pgd = pgdp_get(pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t *pmdp;

	if (unlikely(pgd_none(pgd)))
		return NULL;
	p4dp = p4d_offset_lockless(pgdp, pgd, addr);
	p4d = p4dp_get(p4dp);
	if (unlikely(p4d_none(p4d)))
		return NULL;
	SYNCPOINT("gup.read_p4d");
	pudp = pud_offset_lockless(p4dp, p4d, addr);
	pud = pudp_get(pudp);
	if (unlikely(!pud_present(pud) || pud_leaf(pud)))
		return NULL;
	pmdp = pmd_offset_lockless(pudp, pud, addr);
	*pmd = pmdp_get(pmdp);
	return likely(pmd_present(*pmd) && !pmd_leaf(*pmd)) ? pmdp : NULL;
}

/* Pages of [@addr, @end), table by table, up to the first that cannot be had. */
static force_inline void gup_fast_range(struct gup_fast *gup, struct mm_struct *mm, unsigned long addr, unsigned long end)
{
	while (addr < end) {
		unsigned long next = pmd_addr_end(addr, end);
		pmd_t pmd, *pmdp = pmd_lockless(mm->pt.pgd, addr, &pmd);
		pte_t *ptep;

		if (unlikely(!pmdp))
			return;
		SYNCPOINT("gup.read_pmd");
		for (ptep = pte_offset(pmd, addr); addr < next; addr += PAGE_SIZE, ptep++)
			if (unlikely(!gup_fast_pte(gup, pmdp, pmd, ptep)))
				return;
	}
}

static __noinline void give_back(struct gup_fast *gup)
{
	count_events(EV_GUP_FORKED, gup->nr);
	while (gup->nr)
		gup_put_folio(page_folio(gup->pages[--gup->nr]), gup->flags);
}

unsigned long gup_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags, struct page **pages)
{
	struct gup_fast gup = { .flags = flags, .pages = pages };
	uint32_t seq = raw_read_seqcount(&mm->write_protect_seq);

	if (unlikely((flags & FOLL_PIN) && (seq & 1)))
		return 0;
	tables_section_begin(&mm->pt);
	gup_fast_range(&gup, mm, start, start + (nr << PAGE_SHIFT));
	tables_section_end(&mm->pt);
	if (unlikely((flags & FOLL_PIN) && read_seqcount_retry(&mm->write_protect_seq, seq)) && !KNOCKED_OUT(GUP_FORK_B))
		give_back(&gup);
	count_events(EV_GUP_FAST, gup.nr);
	return gup.nr;
}
