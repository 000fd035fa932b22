/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_device.c - moves pages to device memory, and back. */
#include "core/op/migrate_device.h"

#include <errno.h>

#include "core/op/migrate.h"
#include "core/op/vm_fault.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"
#include "core/probe/operation.h"

DEFINE_EVENT(DEVICE_BACK, "pages moved back from there by faults");
DEFINE_EVENT(DEVICE_BUSY, "faults that found such a page in use");

long sys_migrate_to_device(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	OPERATION("migrate_to_device", mm, start);
	unsigned long end = start + ALIGN_UP(len, PAGE_SIZE);
	struct folio_batch batch = { .next = start };
	long moved = 0;
	bool more;

	if (!IS_ALIGNED(start, PAGE_SIZE) || end < start)
		return -EINVAL;
	do {
		batch.nr = 0;
		more = migrate_next_batch(mm, &batch, end, true);
		for (unsigned int i = 0; i < batch.nr; i++)
			moved += !migrate_folio_to_device(batch.folios[i]);
	} while (more);
	return moved;
}

/*
 * The folio that the entry names, locked, with a reference. NULL, and *@ret is the fault's result: the entry has
 * changed, or another thread has the lock. A waiter for it has no reference, which would keep the other from moving
 * the folio.
 */
static struct folio *lock_device_folio(struct vm_fault *vmf, vm_fault_t *ret)
{
	struct folio *folio;
	bool locked;

	*ret = FAULT_AGAIN;
	if (!lock_and_compare(vmf))
		return NULL;
	/* Not before: until the PTL is held the frame may become part of another folio, and of this one again. */
	folio = page_folio(pte_page(vmf->orig));
	locked = folio_trylock(folio);
	if (locked)
		folio_get(folio);
	else
		*ret = fault_waits(vmf, folio);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	if (locked)
		return folio;
	count_event(EV_DEVICE_BUSY);
	SYNCPOINT("device.busy");
	return NULL;
}

/*
 * Moves @from into @to. Any other reference keeps @from in place, and dropping one wakes no waiter. Locking: the lock
 * of @from.
 */
static vm_fault_t bring_back(struct vm_fault *vmf, struct folio *to, struct folio *from)
{
	SYNCPOINT("device.before_back");
	folio_add_lru_vma(to, vmf->vma);
	if (!migrate_folio_locked(to, from)) {
		count_event(EV_DEVICE_BACK);
		return FAULT_AGAIN;
	}
	count_event(EV_DEVICE_BUSY);
	vmf->waits_for = NULL;
	return FAULT_WAIT;
}

vm_fault_t migrate_to_ram(struct vm_fault *vmf)
{
	struct folio *from, *to;
	vm_fault_t ret;

	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return VM_FAULT_RETRY;
	to = folio_alloc(0, PAGE_ANON);
	if (!to)
		return VM_FAULT_OOM;
	from = lock_device_folio(vmf, &ret);
	if (from) {
		ret = bring_back(vmf, to, from);
		folio_unlock(from);
		folio_put(from);
	}
	folio_put(to);
	return ret;
}
