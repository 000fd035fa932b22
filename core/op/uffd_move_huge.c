/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_move_huge.c - moves a huge page, with its leaf, to where a userfaultfd waits for it. The protocols are those of
 * a page (uffd_move.c); the locks of both PMD entries are taken by address, as mremap() takes them.
 */
#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/huge_memory.h"
#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/rmap.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vma.h"
#include "core/op/huge_pmd.h"
#include "core/op/uffd_moving.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/swapent.h"
#include "core/pgtable/tlb.h"
#include "core/phys/folio_lock.h"

DEFINE_EVENT(UFFD_MOVED_PMD, "huge pages moved for a userfaultfd");

/* (T) all of it */
struct leaf_pair {
	pmd_t *dst_pmdp, *src_pmdp;
	unsigned long dst, src;
	pmd_t src_orig;			/* as it was read under its lock, dropped since */
	struct folio *folio;		/* that it maps; a reference */
	struct ptl_pair locks;
};

/* As a fault does, also under VMA locks. Locking: @ptl, dropped. */
static void wait_for_migration(spinlock_t *ptl, pmd_t pmd)
{
	struct folio *folio = page_folio(pmd_page(pmd));
	uint32_t seen;
	bool waits = folio_wait_begin(folio, &seen);

	spin_unlock(ptl);
	if (waits)
		folio_wait_end(folio, seen);
}

/* False: an entry changed. Source: mm/userfaultfd.c, double_pt_lock(). */
static bool lock_leaves(struct uffd_move *move, struct leaf_pair *pair)
{
	struct mm_pgtable *pt = &move->mm->pt;

	SYNCPOINT("uffd_move.before_ptls");
	ptl_pair_lock(&pair->locks, pmd_lockptr(pt, pair->dst_pmdp), pmd_lockptr(pt, pair->src_pmdp));
	if ((pmd_none(pmdp_get(pair->dst_pmdp)) && pmd_same(pmdp_get(pair->src_pmdp), pair->src_orig)) ||
	    KNOCKED_OUT(UFFD_MOVE_RECHECK))
		return true;
	ptl_pair_unlock(&pair->locks);
	return false;
}

/* The leaf at the new address, with its deposit. Locking: the PTLs, the folio lock, its anon_vma's for write. */
static void set_moved(struct uffd_move *move, struct leaf_pair *pair)
{
	pmd_t leaf = pmd_mkdirty(mk_huge_pmd(&pair->folio->page, move->dst->vm_page_prot));

	pair->folio->page.index = linear_page_index(move->dst, pair->dst);
	folio_move_anon_rmap(pair->folio, move->dst);
	if (vma_soft_dirty_enabled(move->dst))
		leaf = pmd_mksoft_dirty(leaf);
	pgtable_trans_huge_move(&move->mm->pt, pair->src_pmdp, pair->dst_pmdp);
	set_pmd_at(pair->dst_pmdp, pmd_mkwrite(leaf));
	count_event(EV_UFFD_MOVED_PMD);
}

/* Locking: the folio's lock, and that of its anon_vma for write. */
static int move_leaf(struct uffd_move *move, struct leaf_pair *pair)
{
	struct folio *folio = pair->folio;
	int err = 0;

	if (!lock_leaves(move, pair))
		return -EAGAIN;
	if (!PageAnonExclusive(&folio->page) || folio_maybe_dma_pinned(folio)) {
		ptl_pair_unlock(&pair->locks);
		return -EBUSY;
	}
	SYNCPOINT("uffd_move.checked");
	pmdp_get_and_clear(pair->src_pmdp);
	flush_tlb_range(&move->mm->pt, pair->src, pair->src + PMD_SIZE);
	/* ORDER[gup-share:A] the leaf is cleared before the check for pins; pairs with ORDER[gup-share:B]. */
	smp_mb();
	if (folio_maybe_dma_pinned(folio) && !KNOCKED_OUT(UFFD_MOVE_PINS)) {
		set_pmd_at(pair->src_pmdp, pair->src_orig);
		err = -EBUSY;
	} else {
		set_moved(move, pair);
	}
	ptl_pair_unlock(&pair->locks);
	return err;
}

/* Locking: a reference to the folio, dropped. */
static int move_folio(struct uffd_move *move, struct leaf_pair *pair)
{
	struct anon_vma *anon_vma;
	int err = -EAGAIN;

	if (!uffd_move_lock_folio(move, pair->folio))
		return -EAGAIN;
	anon_vma = folio_get_anon_vma(pair->folio);
	if (anon_vma) {
		anon_vma_lock_write(anon_vma);
		err = move_leaf(move, pair);
		anon_vma_unlock_write(anon_vma);
		put_anon_vma(anon_vma);
	}
	folio_unlock(pair->folio);
	folio_put(pair->folio);
	return err;
}

/* Source: mm/userfaultfd.c, move_splits_huge_pmd(). */
static bool moves_whole(unsigned long dst, unsigned long src, unsigned long left)
{
	return IS_ALIGNED(dst | src, PMD_SIZE) && left >= PMD_SIZE;
}

long uffd_move_huge_pmd(struct uffd_move *move, pmd_t *dst_pmdp, pmd_t *src_pmdp, unsigned long dst, unsigned long src,
			unsigned long left)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(move->mm, MMU_NOTIFY_CLEAR, src, src + PMD_SIZE);
	struct leaf_pair pair = { .dst_pmdp = dst_pmdp, .src_pmdp = src_pmdp, .dst = dst, .src = src };
	spinlock_t *ptl = pmd_trans_huge_lock(&move->mm->pt, src_pmdp);
	int err;

	if (!ptl)
		return -EAGAIN;
	pair.src_orig = pmdp_get(src_pmdp);
	if (is_pmd_migration_entry(pair.src_orig)) {
		wait_for_migration(ptl, pair.src_orig);
		return -EAGAIN;
	}
	pair.folio = page_folio(pmd_page(pair.src_orig));
	if (!PageAnonExclusive(&pair.folio->page)) {
		spin_unlock(ptl);
		return -EBUSY;
	}
	if (!moves_whole(dst, src, left) || !pmd_none(pmdp_get(dst_pmdp))) {
		spin_unlock(ptl);
		split_huge_pmd(move->src, src_pmdp, src);
		return -EAGAIN;
	}
	folio_get(pair.folio);
	spin_unlock(ptl);
	mmu_notifier_invalidate_range_start(&range);
	err = move_folio(move, &pair);
	mmu_notifier_invalidate_range_end(&range);
	return err ? err : (long)PMD_SIZE;
}
