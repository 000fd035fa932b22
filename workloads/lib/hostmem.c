/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostmem.c - memory of the host for one worker. */
#include "workloads/lib/hostmem.h"

#include <errno.h>
#include <sys/mman.h>

#define HOST_PAGE	4096ul
#define HUGE_PAGE	(2ul << 20)

int host_map(struct worker *worker, size_t size, enum host_pages pages)
{
	char *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = (char *)ALIGN_UP((uintptr_t)p, HUGE_PAGE);

	if (p == MAP_FAILED)
		return -errno;
	if (start > p)
		munmap(p, (size_t)(start - p));
	if (p + HUGE_PAGE > start)
		munmap(start + size, (size_t)(p + HUGE_PAGE - start));
	madvise(start, size, pages == HOST_HUGE_PAGES ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	worker->data = start;
	return 0;
}

void host_unmap(struct worker *worker, size_t size)
{
	munmap(worker->data, size);
	worker->data = NULL;
}

void host_touch(char *memory, size_t size)
{
	for (size_t at = 0; at < size; at += HOST_PAGE)
		memory[at] = 1;
}
