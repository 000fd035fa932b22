/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access_remote_vm.c - reads and writes the memory of another process. */
#include "core/op/access_remote_vm.h"

#include <errno.h>
#include <string.h>

#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/op/exit.h"
#include "core/op/gup_grab.h"
#include "core/probe/operation.h"

DEFINE_EVENT(REMOTE_PAGE, "pages that were read or written remotely");

/*
 * A word, or else a byte, at a time, as the mm's threads may access the page meanwhile. Returns the bytes copied, @max
 * at most. The reference keeps the page, and mmap_lock excludes a fork that shares it.
 */
static unsigned long copy_some(void *at, unsigned char *buf, unsigned long max, bool write)
{
	unsigned char *byte = at;
	uint64_t *words = at, word;

	if (max < sizeof(word) || !IS_ALIGNED((uintptr_t)at, sizeof(word))) {
		if (write)
			store_relaxed(byte, *buf);
		else
			*buf = load_relaxed(byte);
		return 1;
	}
	if (write) {
		memcpy(&word, buf, sizeof(word));
		store_relaxed(words, word);
	} else {
		word = load_relaxed(words);
		memcpy(buf, &word, sizeof(word));
	}
	return sizeof(word);
}

/* [@offset, @offset + @nr) of @page. */
static void copy_part(struct page *page, unsigned long offset, unsigned char *buf, unsigned long nr, bool write)
{
	unsigned long held = offset < machine.payload ? min(nr, machine.payload - offset) : 0;
	unsigned char *at = held ? (unsigned char *)page_payload(page) + offset : NULL;

	for (unsigned long i = 0; i < held;)
		i += copy_some(at + i, buf + i, held - i, write);
	if (!write)
		memset(buf + held, 0, nr - held);
}

long access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, unsigned long len, unsigned int flags)
{
	OPERATION("access_remote_vm", mm, addr);
	unsigned char *bytes = buf;
	unsigned long done = 0, nr;
	struct page *page;

	if (flags & ~(FOLL_WRITE | FOLL_FORCE))
		return -EINVAL;
	if (addr >= TASK_SIZE)
		return 0;
	len = min(len, TASK_SIZE - addr);
	mmap_read_lock(mm);
	for (; done < len; done += nr) {
		unsigned long offset = (addr + done) & ~PAGE_MASK;

		nr = min(len - done, PAGE_SIZE - offset);
		if (get_user_page_vma_remote(mm, addr + done, flags, &page))
			break;
		copy_part(page, offset, bytes + done, nr, flags & FOLL_WRITE);
		SYNCPOINT("access_remote_vm.copied");
		if (flags & FOLL_WRITE)
			set_page_dirty_lock(page);
		put_page(page);
		count_event(EV_REMOTE_PAGE);
	}
	mmap_read_unlock(mm);
	return (long)done;
}

long access_process_vm(struct mm_struct *mm, unsigned long addr, void *buf, unsigned long len, unsigned int flags)
{
	long done;

	if (!mmget_not_zero(mm))
		return 0;
	done = access_remote_vm(mm, addr, buf, len, flags);
	mmput(mm);
	return done;
}
