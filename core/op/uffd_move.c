/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_move.c - moves pages to where a userfaultfd waits for them.
 *
 * No page is copied: its entry is cleared at the one address and set at the other, under the PTLs of both. So is the
 * leaf of a huge page (uffd_move_huge.c); other large folios are split. So is the entry of a page in swap: if the slot
 * has its folio still, that goes with it, and a swap-in at the new address maps the folio where its index says.
 * Concurrent paths, and why none misses the page or takes it at the wrong address:
 *
 *   faults, mremap()  another entry than that read before: both are compared under the PTLs
 *   rmap walks        the folio's lock, or its anon_vma's for write; and the mapping changes, which walks read again
 *   swap-in           the folio's lock; and the slot is asked under the PTL whether the folio is its own still, as the
 *                     same entry may name another page that was swapped out to the slot meanwhile
 *   GUP-fast          the entry is cleared before the check for pins, and the pin comes before the entry is read again
 *
 * Source: mm/userfaultfd.c, move_pages().
 */
#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/rmap.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/split_folio.h"
#include "core/op/uffd_moving.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/pgtable/tlb.h"
#include "core/phys/folio_lock.h"
#include "core/probe/operation.h"
#include "core/probe/retry.h"

#define KNOWN_MODES	(UFFDIO_MOVE_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES)

DEFINE_EVENT(UFFD_MOVED, "pages moved for a userfaultfd");
DEFINE_EVENT(UFFD_MOVED_SWAP, "pages in swap moved for a userfaultfd");

DEFINE_KNOCKOUT(UFFD_MOVE_RECHECK,
	.name = "uffd-move:recheck",
	.removes = "the comparison, under both PTLs, of the entries with those read before",
	.breaks = "a page that another thread replaced is moved, or one overwritten",
	.detected_by = "page and counter accounting at rest",
	.hunt = "explore uffd_move_vs_drop");

DEFINE_KNOCKOUT(UFFD_MOVE_PINS,
	.name = "uffd-move:pins",
	.removes = "the check for pins after the entry is cleared",
	.breaks = "a pinned page that is not mapped where it was pinned",
	.detected_by = "the in-flight check of pins",
	.hunt = "explore uffd_move_vs_pin");

DEFINE_KNOCKOUT(UFFD_MOVE_SWAP,
	.name = "uffd-move:swap-recheck",
	.removes = "the check, under both PTLs, that the folio found in a slot is the slot's still",
	.breaks = "another page's folio gets the index and the anon_vma of the new address",
	.detected_by = "the reverse map at rest",
	.hunt = "explore uffd_move_vs_slot_reuse",
	.mirrors = "mm: userfaultfd: fix race of userfaultfd_move and swap cache");

/* ---- one page ---- */

/* Its two entries, and each as it was read without its lock. (T) all of it */
struct pair {
	struct mapped_pte dst, src;
	pte_t dst_orig, src_orig;
	struct ptl_pair locks;
};

/* False: a table has gone, or an entry changed. Source: mm/userfaultfd.c, double_pt_lock(), is_pte_pages_stable(). */
static bool lock_pair(struct uffd_move *move, struct pair *pair)
{
	struct mm_pgtable *pt = &move->mm->pt;

	SYNCPOINT("uffd_move.before_ptls");
	if (!pte_pair_map_lock(pt, &pair->dst, &pair->src, &pair->locks))
		return false;
	if ((pte_same(ptep_get(pair->dst.ptep), pair->dst_orig) &&
	     pte_same(ptep_get(pair->src.ptep), pair->src_orig)) || KNOCKED_OUT(UFFD_MOVE_RECHECK))
		return true;
	pte_pair_unmap_unlock(pt, &pair->locks);
	return false;
}

/* A zero page needs no anon_vma. Source: mm/userfaultfd.c, move_zeropage_pte(). */
static int move_zero_page(struct uffd_move *move, struct pair *pair)
{
	if (!lock_pair(move, pair))
		return -EAGAIN;
	ptep_get_and_clear(pair->src.ptep);
	set_pte(pair->dst.ptep, pte_mkspecial(mk_pte(zero_page, move->dst->vm_page_prot)));
	flush_tlb_page(&move->mm->pt, pair->src.addr);
	pte_pair_unmap_unlock(&move->mm->pt, &pair->locks);
	return 0;
}

/* Rmap walks find it at the new address. Locking: the folio lock, the PTLs. */
static void move_rmap(struct uffd_move *move, const struct pair *pair, struct folio *folio)
{
	folio->page.index = linear_page_index(move->dst, pair->dst.addr);
	folio_move_anon_rmap(folio, move->dst);
}

/*
 * The entry at the new address. Locking: the PTLs. Source: mm/userfaultfd.c, move_present_ptes().
 */
static void set_moved(struct uffd_move *move, struct pair *pair, struct folio *folio, pte_t old)
{
	pte_t pte = mk_pte(&folio->page, move->dst->vm_page_prot);

	move_rmap(move, pair, folio);
	pte = pte_dirty(old) ? pte_mkdirty(pte) : pte;
	if (vma_soft_dirty_enabled(move->dst))
		pte = pte_mksoft_dirty(pte);
	set_pte(pair->dst.ptep, pte_mkwrite(pte));
}

/* Locking: the folio's lock, and that of its anon_vma for write. */
static int move_present(struct uffd_move *move, struct pair *pair, struct folio *folio)
{
	struct mm_pgtable *pt = &move->mm->pt;
	int err = 0;
	pte_t old;

	if (!lock_pair(move, pair))
		return -EAGAIN;
	if (!PageAnonExclusive(&folio->page) || folio_maybe_dma_pinned(folio)) {
		pte_pair_unmap_unlock(pt, &pair->locks);
		return -EBUSY;
	}
	SYNCPOINT("uffd_move.checked");
	old = ptep_get_and_clear(pair->src.ptep);
	flush_tlb_page(pt, pair->src.addr);
	/* ORDER[gup-share:A] the entry is cleared before the check for pins; pairs with ORDER[gup-share:B]. */
	smp_mb();
	if (folio_maybe_dma_pinned(folio) && !KNOCKED_OUT(UFFD_MOVE_PINS)) {
		set_pte(pair->src.ptep, old);
		err = -EBUSY;
	} else {
		set_moved(move, pair, folio, old);
		count_event(EV_UFFD_MOVED);
	}
	pte_pair_unmap_unlock(pt, &pair->locks);
	return err;
}

/* A reference to the folio that the source maps; NULL, and *@err: there is none to move. */
static struct folio *get_folio(struct uffd_move *move, struct pair *pair, int *err)
{
	struct mm_pgtable *pt = &move->mm->pt;
	struct folio *folio = NULL;
	struct page *page;
	spinlock_t *ptl;
	pte_t *ptep = pte_offset_map_lock(pt, pair->src.pmdp, pair->src.addr, &ptl);

	*err = -EAGAIN;
	if (!ptep)
		return NULL;
	if (pte_same(ptep_get(ptep), pair->src_orig)) {
		page = vm_normal_page(move->src, pair->src.addr, pair->src_orig);
		*err = -EBUSY;
		if (page && PageAnonExclusive(page)) {
			folio = page_folio(page);
			folio_get(folio);
		}
	}
	pte_unmap_unlock(pt, ptl);
	return folio;
}

/* Locking: a reference to @folio, dropped. */
static int move_folio(struct uffd_move *move, struct pair *pair, struct folio *folio)
{
	struct anon_vma *anon_vma;
	int err = -EAGAIN;

	if (!uffd_move_lock_folio(move, folio))
		return -EAGAIN;
	if (unlikely(folio_test_large(folio)))
		err = split_folio(folio) ? -EBUSY : -EAGAIN;
	else if ((anon_vma = folio_get_anon_vma(folio))) {
		anon_vma_lock_write(anon_vma);
		err = move_present(move, pair, folio);
		anon_vma_unlock_write(anon_vma);
		put_anon_vma(anon_vma);
	}
	folio_unlock(folio);
	folio_put(folio);
	return err;
}

/* ---- what is not present ---- */

/* As a fault does, also under VMA locks. Source: mm/migrate.c, migration_entry_wait(). */
static void wait_for_migration(struct uffd_move *move, const struct pair *pair)
{
	struct mm_pgtable *pt = &move->mm->pt;
	struct folio *folio = NULL;
	spinlock_t *ptl;
	uint32_t seen;
	pte_t *ptep = pte_offset_map_lock(pt, pair->src.pmdp, pair->src.addr, &ptl);

	if (!ptep)
		return;
	if (pte_same(ptep_get(ptep), pair->src_orig))
		folio = pfn_swap_entry_folio(pair->src_orig);
	if (folio && !folio_wait_begin(folio, &seen))
		folio = NULL;
	pte_unmap_unlock(pt, ptl);
	if (folio)
		folio_wait_end(folio, seen);
}

/* The entry at the new address: written to, in its VMA's view, and protected only if that is possible there. */
static pte_t moved_swap_pte(const struct uffd_move *move, pte_t pte)
{
	if (vma_soft_dirty_enabled(move->dst))
		pte = pte_swp_mksoft_dirty(pte);
	return move->dst->vm_flags & VM_UFFD_WP ? pte : pte_swp_clear_uffd_wp(pte);
}

/*
 * @folio was found in the slot, or none (NULL). One that was read from the device, and mapped by no thread yet, has no
 * place. Locking: the folio's lock. Source: mm/userfaultfd.c, move_swap_pte().
 */
static int move_swap_pte(struct uffd_move *move, struct pair *pair, struct folio *folio)
{
	int err = -EAGAIN;

	if (!lock_pair(move, pair))
		return -EAGAIN;
	if (swap_slot_caches(swapent_payload(pair->src_orig), folio) || KNOCKED_OUT(UFFD_MOVE_SWAP)) {
		if (folio && folio_test_anon(folio))
			move_rmap(move, pair, folio);
		set_pte(pair->dst.ptep, moved_swap_pte(move, ptep_get_and_clear(pair->src.ptep)));
		count_event(EV_UFFD_MOVED_SWAP);
		err = 0;
	}
	pte_pair_unmap_unlock(&move->mm->pt, &pair->locks);
	return err;
}

/* -EFAULT: a guard region, a hwpoisoned page, or one in device memory. */
static int move_nonpresent(struct uffd_move *move, struct pair *pair)
{
	struct folio *folio;
	int err;

	if (pte_is_migration(pair->src_orig)) {
		wait_for_migration(move, pair);
		return -EAGAIN;
	}
	if (!pte_is_swap(pair->src_orig))
		return -EFAULT;
	if (!pte_swp_exclusive(pair->src_orig))
		return -EBUSY;
	folio = swap_cache_get(swapent_payload(pair->src_orig), NULL);
	SYNCPOINT("uffd_move.got_folio");
	if (folio && folio_test_large(folio)) {
		folio_put(folio);
		return -EBUSY;
	}
	if (folio && !uffd_move_lock_folio(move, folio))
		return -EAGAIN;
	err = move_swap_pte(move, pair, folio);
	if (folio) {
		folio_unlock(folio);
		folio_put(folio);
	}
	return err;
}

/* Returns 0; -EAGAIN: try again; -EBUSY, -EFAULT. Source: mm/userfaultfd.c, move_pages_ptes(). */
static int move_pte(struct uffd_move *move, struct pair *pair)
{
	struct folio *folio;
	int err;

	pair->dst_orig = pte_read(&move->mm->pt, pair->dst.pmdp, pair->dst.addr);
	pair->src_orig = pte_read(&move->mm->pt, pair->src.pmdp, pair->src.addr);
	if (!pte_none(pair->dst_orig))
		return -EEXIST;
	if (pte_none(pair->src_orig))
		return move->mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES ? 0 : -ENOENT;
	if (!pte_present(pair->src_orig))
		return move_nonpresent(move, pair);
	if (is_zero_pfn(pte_pfn(pair->src_orig)))
		return move_zero_page(move, pair);
	folio = get_folio(move, pair, &err);
	return folio ? move_folio(move, pair, folio) : err;
}

/* Locking: as move_step(). */
static int move_page(struct uffd_move *move, struct pair *pair)
{
	unsigned long src = pair->src.addr;
	struct mmu_notifier_range range = mmu_notifier_range_of(move->mm, MMU_NOTIFY_CLEAR, src, src + PAGE_SIZE);
	int err;

	if (pte_alloc(&move->mm->pt, pair->dst.pmdp))
		return -ENOMEM;
	if (!pmd_is_table(pmdp_get(pair->dst.pmdp)))
		return -EAGAIN;
	mmu_notifier_invalidate_range_start(&range);
	err = move_pte(move, pair);
	mmu_notifier_invalidate_range_end(&range);
	return err;
}

/* Moves a page, or a huge page; returns their bytes, or an error. Source: mm/userfaultfd.c, move_pages(). */
static long move_step(struct uffd_move *move, unsigned long dst, unsigned long src, unsigned long left)
{
	struct mm_pgtable *pt = &move->mm->pt;
	struct pair pair = { .dst = { .addr = dst }, .src = { .addr = src } };
	unsigned long found = src;
	pmd_t src_pmd;
	int err;

	pair.dst.pmdp = pmd_alloc_path(pt, dst);
	if (!pair.dst.pmdp)
		return -ENOMEM;
	if (pmd_trans_huge(pmdp_get(pair.dst.pmdp)))
		return -EEXIST;
	pair.src.pmdp = pmd_find_next(pt, &found, src + PAGE_SIZE);
	src_pmd = pair.src.pmdp ? pmdp_get(pair.src.pmdp) : (pmd_t){ 0 };
	if (pmd_trans_huge(src_pmd))
		return uffd_move_huge_pmd(move, pair.dst.pmdp, pair.src.pmdp, dst, src, left);
	if (!pmd_none(src_pmd))
		err = move_page(move, &pair);
	else
		err = move->mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES ? 0 : -ENOENT;
	return err ? err : (long)PAGE_SIZE;
}

/* ---- a range ---- */

static int move_under_locks(struct uffd_move *move, unsigned long dst, unsigned long src, unsigned long len,
			    unsigned long *done)
{
	int err = uffd_move_lock_vmas(move, dst + *done, src + *done);
	bool begun = !err && uffd_fill_begin(move->ctx);
	RETRY_LOOP_PROFILED(100000, "a page that a userfaultfd moves, changed meanwhile");

	if (!err)
		err = !begun ? -EAGAIN : uffd_move_areas_valid(move, dst, src, len) ? 0 : -EINVAL;
	while (!err && *done < len) {
		long moved = move_step(move, dst + *done, src + *done, len - *done);

		if (moved > 0)
			*done += (unsigned long)moved;
		else if (moved != -EAGAIN || move->busy || !RETRIED())
			err = (int)moved;
	}
	if (begun)
		uffd_fill_end(move->ctx);
	uffd_move_unlock_vmas(move);
	return err;
}

long userfaultfd_move(struct userfaultfd_ctx *ctx, unsigned long dst, unsigned long src, unsigned long len,
		      unsigned long mode)
{
	struct uffd_move move = { .ctx = ctx, .mm = uffd_mm(ctx), .mode = mode };
	OPERATION("uffd move", move.mm, dst);
	unsigned long done = 0;
	int err;

	if (uffd_mmap_changing(ctx))
		return -EAGAIN;
	if (uffd_validate_range(dst, len) || uffd_validate_range(src, len) || (mode & ~KNOWN_MODES))
		return -EINVAL;
	if (!mmget_not_zero(move.mm))
		return -ESRCH;
	while ((err = move_under_locks(&move, dst, src, len, &done)) == -EAGAIN && move.busy)
		uffd_move_wait(&move);
	mmput(move.mm);
	SYNCPOINT("uffd.filled");
	if (done && !(mode & UFFDIO_MOVE_MODE_DONTWAKE))
		uffd_wake_range(ctx, dst, dst + done);
	return done ? (long)done : err;
}
