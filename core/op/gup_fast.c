/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_fast.c - GUP-fast: finds and pins pages without any lock.
 *
 * Guarantees: each page returned was mapped at its address, with the requested permissions, at one moment of the call;
 * and if it is pinned, neither fork nor any other operation shares it or takes it from its mm before it is unpinned.
 * It never waits. All else - a missing entry, the zero page, a concurrent change, a fork - is left to the slow path.
 *
 * Tables are read inside a section in which none is freed; upper ones too may be unlinked meanwhile, so each entry is
 * read once, and the table below found from that value. Then for each page (rmap.h has both sides):
 *
 *   (B1) read the PTE
 *   (B2) for writing, and it is not writable: leave it
 *   (B3) pin; the frame may be free or another owner's: then this fails, or references another page
 *   (B4) re-read PMD and PTE; changed: drop the pin
 *   (B5) a pin for reading, and the page is not exclusive: drop it
 *
 * B4 proves that at that moment the PTE was in its place, so the reference taken before is to the page it names, which
 * was not freed in between (page-ref), and is not going to be. The PMD is read too because a whole PTE table can be
 * moved to another address with all its entries. A thread that clears the entry later to share or replace the page
 * checks for pins after that (gup-share), and a thread that clears exclusive does so before another entry of the page
 * is visible (gup-unshare).
 *
 * Fork only makes entries read-only and maps pages twice; it first makes write_protect_seq odd, and then checks for
 * pins. So the sequence is read before B1 and after B4, and all pins of the call are dropped if it has changed
 * (gup-fork).
 *
 * In short: RCU keeps tables for their readers; a pin is published before the re-read of the entry it relies on; a
 * sharer clears that entry before it checks for pins.
 */
#include "core/op/gup_descent.h"
#include "core/op/gup_grab.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/shootdown.h"
#include "core/phys/hugetlb_pool.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(GUP_FAST, "pages GUP-fast got");
DEFINE_EVENT(GUP_LEAF, "huge leaves GUP-fast took pages of");
DEFINE_EVENT(GUP_CHANGED, "pages GUP-fast dropped: the entry changed");
DEFINE_EVENT(GUP_FORKED, "pages GUP-fast dropped: a fork ran");

DEFINE_KNOCKOUT(GUP_SECTION,
	.name = "gup:section",
	.removes = "the RCU section around a descent without locks",
	.breaks = "a walker in freed tables",
	.detected_by = "the type check of upper entries",
	.hunt = "test knockout.gup_section");

/*
 * A section in which no table of @pt is freed: upper ones are freed when VMAs are unmapped, whatever the policy for
 * empty PTE tables. ORDER[table-free:B] it begins before the first entry is read; pairs with ORDER[table-free:A] in
 * mmu_gather.c. Weaker: a table is freed and reused under its reader.
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

/*
 * True if @page is a folio by itself, as most are: then there is little to count.
 *
 * ORDER[folio-tail:B] before the page is read as a folio; pairs with ORDER[folio-tail:A] in split_folio.c.
 */
static force_inline bool page_is_folio(const struct page *page)
{
	return likely(!load_acquire(&page->tail) && !load_acquire(&page->order));
}

/* @page was found in this section. A section that shootdowns wait for, and no grace period, bounds no age. */
static force_inline void page_accessed(struct page *page)
{
	if (FAULTLINE_CHECK && rcu_read_held())
		object_seen(&kind_folio, &page->probe, page);
}

DEFINE_KNOCKOUT(GUP_FOLIO_RECHECK,
	.name = "gup:folio-recheck",
	.removes = "the re-check, with the reference, of a page's folio",
	.breaks = "a reference to one folio, a pin of another",
	.detected_by = "unit.gup_races",
	.hunt = "explore pin_tail_vs_reuse",
	.mirrors = "mm/gup: fix try_grab_compound_head() race with split_huge_page()");

/* @nr pages of one folio, from @page on. */
static __noinline struct folio *try_grab_large_fast(struct page *page, int nr, unsigned int flags)
{
	struct folio *folio = page_folio(page);
	bool large = folio_test_large(folio);
	int refs = nr * grab_refs(large, flags);

	SYNCPOINT("gup.read_large");
	if (!page_ref_try_add(&folio->page, refs, true))
		return NULL;
	/* The reference keeps it; but is it still the page's folio? Only the head has the size. */
	if ((page_folio(page) != folio || folio_test_large(folio) != large) && !KNOCKED_OUT(GUP_FOLIO_RECHECK)) {
		folio_put_refs(folio, refs);
		return NULL;
	}
	if (large && (flags & FOLL_PIN))
		fetch_add_relaxed(&folio->page._pincount, nr);
	return folio;
}

/*
 * Takes a reference or a pin on @page, found through an entry without its lock; it may be free, or part of another
 * folio. Returns the folio, which is then stable; the caller checks that the entry still names it. NULL: leave it.
 * Source: mm/gup.c.
 */
static force_inline struct folio *try_grab_folio_fast(struct page *page, unsigned int flags)
{
	struct folio *folio = container_of(page, struct folio, page);
	int refs = grab_refs(false, flags);

	if (!page_is_folio(page))
		return try_grab_large_fast(page, 1, flags);
	SYNCPOINT("gup.read_small");
	if (unlikely(!page_ref_try_add(page, refs, true)))
		return NULL;
	if (page_is_folio(page) || KNOCKED_OUT(GUP_FOLIO_RECHECK))
		return folio;
	folio_put_refs(folio, refs);
	return NULL;
}

DEFINE_KNOCKOUT(GUP_RECHECK,
	.name = "gup:recheck",
	.removes = "the re-read of the entry once the page is pinned (B4)",
	.breaks = "a pin on a page that is free, shared, or another owner's",
	.detected_by = "the in-flight check of pins",
	.hunt = HUNT_PINS);

DEFINE_KNOCKOUT(GUP_PMD_RECHECK,
	.name = "gup:pmd-recheck",
	.removes = "the re-read of the PMD entry once the page is pinned (B4)",
	.breaks = "a page of an address that the table was moved to",
	.detected_by = "unit.gup_races",
	.hunt = "explore collapse_vs_pin",
	.mirrors = "mm: gup: fix the fast GUP race against THP collapse");

/* (B4) Without it, the pinned page may have been unmapped, or never mapped at the address. */
static force_inline bool still_mapped(pmd_t *pmdp, pmd_t pmd, pte_t *ptep, pte_t pte)
{
	if (unlikely(!pmd_same(pmd, pmdp_get(pmdp)) && !KNOCKED_OUT(GUP_PMD_RECHECK)))
		return false;
	/* ORDER[page-ref:B] after the reference was taken with acquire; pairs with ORDER[page-ref:A]. */
	return likely(pte_same(pte, ptep_get_lockless(ptep)) || KNOCKED_OUT(GUP_RECHECK));
}

/* Out of line, with few arguments: so the fast path keeps its values in registers. */
static __noinline __cold void back_off(struct folio *folio, int nr, unsigned int flags)
{
	if (folio)
		gup_put_folio(folio, nr, flags);
	count_event(EV_GUP_CHANGED);
}

/* Of a file that tracks writes, perhaps. */
static __noinline __cold bool may_be_tracked(const struct page *page)
{
	return gup_page_of_file(page) && !PageHuge(page);
}

/*
 * True for pages left to the slow path, which knows the VMA. Locking: a reference to @page, and its entry was re-read.
 */
static force_inline bool must_leave(const struct page *page, unsigned int flags)
{
	return gup_must_unshare(NULL, page, flags) || (unlikely(gup_writes_for_long(flags)) && may_be_tracked(page));
}

DEFINE_KNOCKOUT(GUP_SHARE_B,
	.name = "gup-share:B",
	.removes = "the full barrier between pinning a page and the re-read of its entry",
	.breaks = "a pinned page is shared or replaced",
	.detected_by = "models.gup_share: x86 keeps the order without it",
	.hunt = "serial pin_vs_page_out --seconds 10" HUNT_C11);

DEFINE_KNOCKOUT(GUP_WRITE_CHECK,
	.name = "gup:write-check",
	.removes = "the check that an entry allows writes (B2)",
	.breaks = "a write pin on a shared or read-only page",
	.detected_by = "the in-flight check of pins",
	.hunt = "explore pin_vs_exit",
	.mirrors = "mm: remove gup_flags FOLL_WRITE games from __get_user_pages()");

DEFINE_KNOCKOUT(NUMA_GUP,
	.name = "numa:gup",
	.removes = "the check of GUP-fast that an entry allows access at all",
	.breaks = "a page of a VMA that allows no access; a NUMA hint that takes no fault",
	.detected_by = "unit.numa_gup",
	.hunt = "test unit.numa_gup.4");

/* Takes the page that the entry maps; NULL: leave it to the slow path. Source: mm/gup.c, gup_fast_pte_range(). */
static force_inline struct page *gup_fast_pte(pmd_t *pmdp, pmd_t pmd, pte_t *ptep, unsigned int flags)
{
	pte_t pte = ptep_get_lockless(ptep);	/* (B1) */
	struct folio *folio;
	struct page *page;

	if (unlikely(!pte_accessible(pte) || pte_special(pte)) && !(pte_protnone(pte) && KNOCKED_OUT(NUMA_GUP)))
		return NULL;
	if (unlikely((flags & FOLL_WRITE) && !pte_write(pte)) && !KNOCKED_OUT(GUP_WRITE_CHECK))	/* (B2) */
		return NULL;
	page = pte_page(pte);
	SYNCPOINT("gup.read_pte");
	page_accessed(page);
	folio = try_grab_folio_fast(page, flags);	/* (B3) */
	if (unlikely(!folio)) {
		back_off(NULL, 0, flags);
		return NULL;
	}
	/*
	 * ORDER[gup-share:B] the pin, then the entry that it relies on; pairs with ORDER[gup-share:A]. Weaker: the
	 * re-read passes the pin and finds an entry that a sharer is about to clear, the sharer finds no pin, and a
	 * pinned page is shared.
	 * ORDER[gup-fork:B] the pin, then write_protect_seq, which gup_fast() re-reads; pairs with ORDER[gup-fork:A].
	 */
	if (!KNOCKED_OUT(GUP_SHARE_B))
		smp_mb__after_atomic();
	SYNCPOINT("gup.pinned");
	if (unlikely(!still_mapped(pmdp, pmd, ptep, pte))) {
		back_off(folio, 1, flags);
		return NULL;
	}
	/*
	 * (B5) ORDER[gup-unshare:B] exclusive is read after the entry, with acquire; pairs with ORDER[gup-unshare:A].
	 * Weaker: it is read as it was before the page was shared, but the entry as it was set afterwards.
	 */
	if (unlikely(must_leave(page, flags))) {
		gup_put_folio(folio, 1, flags);
		return NULL;
	}
	folio_mark_accessed(folio);
	return page;
}

/*
 * Takes the pages that @leaf, read at @leafp and of @size bytes, maps from @addr on, @nr at most: B1 to B5 once for all
 * of them, with the leaf instead of the PTE. They are exclusive together, by the head's flag. Returns their number; 0:
 * leave it to the slow path. A leaf of a PUD table has the same bits. Source: mm/gup.c.
 */
static force_inline unsigned long gup_fast_leaf(pmd_t *leafp, pmd_t leaf, unsigned long size, unsigned long addr,
						unsigned long nr, unsigned int flags, struct page **pages)
{
	unsigned long first = (addr & (size - 1)) >> PAGE_SHIFT;
	struct page *page = pmd_page(leaf) + first;
	struct folio *folio;

	if (unlikely(!pmd_accessible(leaf) || pmd_special(leaf)))
		return 0;
	if (unlikely((flags & FOLL_WRITE) && !pmd_write(leaf)) && !KNOCKED_OUT(GUP_WRITE_CHECK))	/* (B2) */
		return 0;
	nr = min(nr, (size >> PAGE_SHIFT) - first);
	SYNCPOINT("gup.read_leaf");
	page_accessed(page);
	folio = try_grab_large_fast(page, (int)nr, flags);	/* (B3) */
	if (unlikely(!folio)) {
		back_off(NULL, 0, flags);
		return 0;
	}
	/* ORDER[gup-share:B] the pins, then the leaf; pairs with ORDER[gup-share:A]. ORDER[gup-fork:B] as for a PTE. */
	if (!KNOCKED_OUT(GUP_SHARE_B))
		smp_mb__after_atomic();
	SYNCPOINT("gup.pinned_leaf");
	/* ORDER[page-ref:B] after the references were taken with acquire; pairs with ORDER[page-ref:A]. */
	if (unlikely(!pmd_same(leaf, pmdp_get(leafp)) && !KNOCKED_OUT(GUP_RECHECK))) {	/* (B4) */
		back_off(folio, (int)nr, flags);
		return 0;
	}
	/* (B5) ORDER[gup-unshare:B] after the leaf's re-read; pairs with ORDER[gup-unshare:A]. */
	if (unlikely(must_leave(page - first, flags))) {
		gup_put_folio(folio, (int)nr, flags);
		return 0;
	}
	folio_mark_accessed(folio);
	for (unsigned long i = 0; i < nr; i++)
		pages[i] = page + i;
	count_event(EV_GUP_LEAF);
	return nr;
}

static __noinline unsigned long gup_fast_pmd_leaf(pmd_t *pmdp, pmd_t pmd, unsigned long addr, unsigned long nr,
						  unsigned int flags, struct page **pages)
{
	return gup_fast_leaf(pmdp, pmd, PMD_SIZE, addr, nr, flags, pages);
}

/* No PMD table leads to @addr: a leaf may. As gup_fast_pmd_leaf(). */
static __noinline unsigned long gup_fast_pud_leaf(pgd_t *pgd_table, unsigned long addr, unsigned long nr,
						  unsigned int flags, struct page **pages)
{
	pud_t *pudp = NULL, pud = pud_lockless(pgd_table, addr, &pudp);

	if (!pud_trans_huge(pud))
		return 0;
	return gup_fast_leaf((pmd_t *)pudp, __pmd(pud.val), PUD_SIZE, addr, nr, flags, pages);
}

/* Takes pages from @addr on, table by table, up to the first failure. @nr is not 0. */
static force_inline unsigned long gup_fast_range(pgd_t *pgd, unsigned long addr, unsigned long nr, unsigned int flags,
						 struct page **pages)
{
	unsigned long done = 0;

	do {
		pmd_t *pmdp = NULL, pmd = pmd_lockless(pgd, addr, &pmdp);
		pte_t *ptep;

		SYNCPOINT("gup.read_pmd");
		if (unlikely(pmd_bad(pmd))) {
			unsigned long got = pmd_trans_huge(pmd) ?
				gup_fast_pmd_leaf(pmdp, pmd, addr, nr - done, flags, pages + done) :
				gup_fast_pud_leaf(pgd, addr, nr - done, flags, pages + done);

			if (!got)
				break;
			done += got;
			addr += got << PAGE_SHIFT;
			continue;
		}
		ptep = pte_offset(pmd, addr);
		do {
			struct page *page = gup_fast_pte(pmdp, pmd, ptep++, flags);

			if (unlikely(!page))
				return done;
			pages[done++] = page;
			addr += PAGE_SIZE;
		} while (done < nr && !IS_ALIGNED(addr, PMD_SIZE));
	} while (done < nr);
	return done;
}

static __noinline __cold void give_back(struct page **pages, unsigned long nr, unsigned int flags)
{
	count_events(EV_GUP_FORKED, nr);
	for (unsigned long i = 0; i < nr; i++)
		gup_put_folio(page_folio(pages[i]), 1, flags);
}

DEFINE_KNOCKOUT(GUP_FORK_B,
	.name = "gup-fork:B",
	.removes = "the check for a fork once pages are pinned",
	.breaks = "a pinned page is shared with a child",
	.detected_by = "the in-flight check of pins",
	.hunt = "explore pin_vs_fork",
	.mirrors = "mm/gup: prevent gup_fast from racing with COW during fork");

/* Takes as many of the pages as possible without a lock, 0 … @nr. Source: mm/gup.c. */
static force_inline unsigned long gup_fast(struct mm_struct *mm, unsigned long start, unsigned long nr,
					   unsigned int flags, struct page **pages)
{
	uint32_t seq = 0;
	unsigned long done;

	if (flags & FOLL_PIN) {
		seq = raw_read_seqcount(&mm->write_protect_seq);
		if (unlikely(seq & 1))
			return 0;
	}
	tables_section_begin(&mm->pt);
	done = gup_fast_range(mm->pt.pgd, start, nr, flags, pages);
	tables_section_end(&mm->pt);
	if ((flags & FOLL_PIN) && unlikely(read_seqcount_retry(&mm->write_protect_seq, seq)) &&
	    !KNOCKED_OUT(GUP_FORK_B)) {
		give_back(pages, done, flags);
		return 0;
	}
	count_events(EV_GUP_FAST, done);
	return done;
}

/* Source: mm/gup.c, gup_fast_fallback(). */
static __noinline long gup_fallback(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
				    struct page **pages, unsigned long done)
{
	long more;

	if (flags & FOLL_FAST_ONLY)
		return (long)done;
	more = gup_slow(mm, start + (done << PAGE_SHIFT), nr - done, flags, pages + done);
	if (more < 0)
		return done ? (long)done : more;
	return (long)done + more;
}

DEFINE_KNOCKOUT(GUP_FAST_NONE,
	.name = "gup-fast:none",
	.removes = "the check of pin_user_pages_fast() that it is to pin any page",
	.breaks = "a page written beyond the caller's array, and pinned for ever",
	.detected_by = "the array in gup_jumble",
	.hunt = "explore pin_none_vs_munmap",
	.mirrors = "mm/gup: fix out-of-bounds write for nr_pages == 0 in GUP-fast");

static __noinline long gup_fast_many(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
				     struct page **pages)
{
	unsigned long done = nr || KNOCKED_OUT(GUP_FAST_NONE) ? gup_fast(mm, start, nr, flags, pages) : 0;

	return done == nr ? (long)done : gup_fallback(mm, start, nr, flags, pages, done);
}

/* Usually one page: then @flags are constant at compile time, and there are no loops. */
static force_inline long gup_fast_fallback(struct mm_struct *mm, unsigned long start, unsigned long nr,
					   unsigned int flags, struct page **pages)
{
	if (unlikely(nr != 1))
		return gup_fast_many(mm, start, nr, flags, pages);
	if (likely(gup_fast(mm, start, 1, flags, pages)))
		return 1;
	return gup_fallback(mm, start, 1, flags, pages, 0);
}

long get_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages)
{
	OPERATION("get_user_pages", mm, start);
	int err = gup_check_args(start, nr, flags, FOLL_GET_FLAGS | FOLL_FAST_ONLY);

	return unlikely(err) ? err : gup_fast_fallback(mm, start & PAGE_MASK, nr, flags | FOLL_GET, pages);
}

long pin_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int flags,
			 struct page **pages)
{
	OPERATION("pin_user_pages", mm, start);
	int err = gup_check_args(start, nr, flags, FOLL_PIN_FLAGS | FOLL_FAST_ONLY);

	if (unlikely(err))
		return err;
	mm_set_has_pinned(mm);
	return gup_fast_fallback(mm, start & PAGE_MASK, nr, flags | FOLL_PIN, pages);
}
