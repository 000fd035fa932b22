/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_stack.c - operations below a VMA that grows. */
#include "workloads/lib/scene_stack.h"

#include <errno.h>
#include <sys/mman.h>

int64_t scene_stack_write(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = space_fault(space, space->mm, space_region(space, 0), FAULT_FLAG_WRITE);

	return err ? err : 1;
}

int64_t scene_stack_map(struct worker *worker)
{
	struct space *space = space_of(worker);
	long at = sys_mmap(space->mm, space_region(space, 0), PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 1);

	return at >= 0 || at == -EEXIST ? 1 : space_fail(space, (int)at, "a page is not mapped: %ld", at);
}
