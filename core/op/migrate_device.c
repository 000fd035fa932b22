/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_device.c - pages on their way to the memory of a device, and back. */
#include "core/op/migrate_device.h"

#include <errno.h>

#include "core/base/operation.h"
#include "core/base/schedule.h"
#include "core/op/migrate.h"
#include "core/op/vm_fault.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"

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
		more = migrate_next_batch(mm, &batch, end);
		for (unsigned int i = 0; i < batch.nr; i++)
			moved += !migrate_folio_to_device(batch.folios[i]);
	} while (more);
	return moved;
}

/*
 * The folio that the entry names, locked, with a reference; NULL: the entry has changed, or somebody has it locked. Who
 * only waits for the lock has no reference: it would keep the other from moving it.
 */
static struct folio *lock_device_folio(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(pte_page(vmf->orig));
	bool locked;

	if (!lock_and_compare(vmf))
		return NULL;
	locked = folio_trylock(folio);
	if (locked)
		folio_get(folio);
	pte_unmap_unlock(vmf->pt, vmf->ptl);
	if (locked)
		return folio;
	count_event(EV_DEVICE_BUSY);
	yield_core();
	return NULL;
}

vm_fault_t migrate_to_ram(struct vm_fault *vmf)
{
	struct folio *from, *to;

	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return VM_FAULT_RETRY;
	to = folio_alloc(0, PAGE_ANON);
	if (!to)
		return VM_FAULT_OOM;
	from = lock_device_folio(vmf);
	if (from) {
		SYNCPOINT("device.before_back");
		count_event(migrate_folio_locked(to, from) ? EV_DEVICE_BUSY : EV_DEVICE_BACK);
		folio_unlock(from);
		folio_put(from);
	}
	folio_put(to);
	return FAULT_AGAIN;
}
