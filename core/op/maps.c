/* SPDX-License-Identifier: GPL-2.0-or-later */
/* maps.c - the VMAs of an address space, each under its own lock or all under mmap_lock. */
#include "core/op/maps.h"

#include "core/mm/vma.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(MAPS_FALLBACK, "VMAs that a reader of maps looked up under mmap_lock");

DEFINE_KNOCKOUT(MAPS_RELOOKUP,
	.name = "maps:relookup",
	.removes = "the second look-up, under mmap_lock, of a VMA behind a gap that a writer may have made",
	.breaks = "a reader of maps that misses a VMA",
	.detected_by = "the oracle of maps_vs_map",
	.hunt = "stress maps_vs_map --policy linux-6.17 --noise 100");

/* Locking: none held; the VMA lock on return. Source: mm/mmap_lock.c. */
static struct vm_area_struct *lock_next_vma_under_mmap_lock(struct mm_struct *mm, unsigned long from)
{
	struct vm_area_struct *vma;

	count_event(EV_MAPS_FALLBACK);
	mmap_read_lock(mm);
	vma = find_vma(mm, from);
	if (vma)
		BUG_ON(!vma_start_read(mm, vma));	/* there is no writer */
	mmap_read_unlock(mm);
	return vma;
}

/*
 * The first VMA that ends above @from, locked for read; NULL if there is none.
 *
 * A VMA that contains @from is the right one, whatever else has changed. One behind a gap is not, if a writer has
 * removed or split another since, or is about to insert one:
 *
 *   (A1) makes mm_lock_seq odd    (A2) erases a VMA, or changes its start    (A3) inserts others    (A4) makes it even
 *   (B1) reads mm_lock_seq        (B2) finds a VMA behind a gap, locks it    (B3) reads mm_lock_seq again
 *
 * If (B2) comes after (A2) and before (A3), then (B3) finds mm_lock_seq odd or changed. Source: mm/mmap_lock.c.
 */
static struct vm_area_struct *lock_next_vma(struct mm_struct *mm, unsigned long from)
{
	/* ORDER[maps-seq:B] before the tree is read, whose slots are acquired; pairs with ORDER[maps-seq:A]. */
	uint32_t seq = load_acquire(&mm->mm_lock_seq);
	struct vm_area_struct *vma;
	bool locked;

	rcu_read_lock();
	vma = vma_tree_find(&mm->tree, from);
	if (FAULTLINE_CHECK && vma)
		object_seen(&kind_vma, &vma->vm_probe, vma);
	SYNCPOINT("maps.found");
	locked = vma && vma_start_read(mm, vma);
	rcu_read_unlock();
	if (locked && vma->vm_start <= from && from < vma->vm_end)
		return vma;
	/* After the acquires of the tree's slots. */
	if ((locked || !vma) && (!locked || from < vma->vm_end) &&
	    ((!(seq & 1) && load_relaxed(&mm->mm_lock_seq) == seq) || KNOCKED_OUT(MAPS_RELOOKUP)))
		return vma;
	if (locked)
		vma_end_read(mm, vma);
	SYNCPOINT("maps.fallback");
	return lock_next_vma_under_mmap_lock(mm, from);
}

struct maps_reader maps_start(struct mm_struct *mm, bool by_vma)
{
	struct maps_reader reader = { .mm = mm, .by_vma = by_vma && mm->pt.policy.vma_lock != VMA_LOCK_NONE };

	if (!reader.by_vma)
		mmap_read_lock(mm);
	return reader;
}

struct vm_area_struct *maps_next(struct maps_reader *reader, unsigned long from)
{
	if (!reader->by_vma)
		return find_vma(reader->mm, from);
	if (reader->locked)
		vma_end_read(reader->mm, reader->locked);
	reader->locked = lock_next_vma(reader->mm, from);
	return reader->locked;
}

void maps_stop(struct maps_reader *reader)
{
	if (!reader->by_vma)
		mmap_read_unlock(reader->mm);
	else if (reader->locked)
		vma_end_read(reader->mm, reader->locked);
}

unsigned int sys_maps(struct mm_struct *mm, unsigned long from, struct maps_line *lines, unsigned int nr)
{
	OPERATION("maps", mm, from);
	struct maps_reader reader = maps_start(mm, mm->pt.policy.maps_lock != MAPS_MMAP_LOCK);
	struct vm_area_struct *vma;
	unsigned int i = 0;

	for (; i < nr && (vma = maps_next(&reader, from)); i++) {
		lines[i] = maps_line_of(vma);
		from = lines[i].end;
	}
	maps_stop(&reader);
	return i;
}
