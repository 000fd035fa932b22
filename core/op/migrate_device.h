/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate_device.h - pages in the memory of a device, and on their way there and back.
 *
 * There the page is still an anonymous page of every mm that has it, counted, found by the reverse map, copied by fork,
 * taken back by munmap; but its entries are not present: processors can't reach it. So nobody can pin it, and the first
 * touch by a processor brings it back (migrate_to_ram()). Both ways are a migration (migrate.h). Frames of the machine
 * of their own type play that memory.
 *
 * Source: mm/migrate_device.c, include/linux/memremap.h.
 */
#ifndef FAULTLINE_CORE_OP_MIGRATE_DEVICE_H
#define FAULTLINE_CORE_OP_MIGRATE_DEVICE_H

#include "core/mm/mm_types.h"

/*
 * sys_migrate_to_device - moves what is mapped over [@start, @start + @len) to the memory of a device, for all who map
 * it. Pages that can't be moved stay: pinned, swapped out, of a file, large. Returns how many were moved, or -EINVAL
 * (@start not page aligned, overflow). Locking: none held. Source: mm/migrate_device.c, migrate_vma_setup(),
 * migrate_vma_pages().
 */
long sys_migrate_to_device(struct mm_struct *mm, unsigned long start, unsigned long len);

#endif
