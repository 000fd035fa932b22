/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate_device.h - moves pages to device memory, and back.
 *
 * In device memory the page is still an anonymous page of every mm that maps it: counted, found by the reverse map,
 * copied by fork, freed by munmap; but its entries are not present: processors can't access it. So it cannot be
 * pinned, and the first access by a processor moves it back (migrate_to_ram()). Both ways are a migration (migrate.h).
 * Frames of the machine with their own type simulate that memory.
 *
 * Source: mm/migrate_device.c, include/linux/memremap.h.
 */
#ifndef FAULTLINE_CORE_OP_MIGRATE_DEVICE_H
#define FAULTLINE_CORE_OP_MIGRATE_DEVICE_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(DEVICE_BACK);
DECLARE_EVENT(DEVICE_BUSY);

/*
 * sys_migrate_to_device - moves pages mapped over [@start, @start + @len) to device memory, also where others map
 * them. Pages that can't be moved stay: pinned, swapped out, of a file, large. Returns the number of moved pages, or
 * -EINVAL (@start not page aligned, overflow). Locking: none held. Source: mm/migrate_device.c, migrate_vma_setup(),
 * migrate_vma_pages().
 */
long sys_migrate_to_device(struct mm_struct *mm, unsigned long start, unsigned long len);

#endif
