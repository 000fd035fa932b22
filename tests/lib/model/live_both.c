/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_both.c - a call on the running kernel and on ours, and whether what comes of it agrees. */
#include "tests/lib/model/live_both.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/op/madvise.h"
#include "core/op/mincore.h"
#include "core/op/mlock.h"
#include "core/op/mmap.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/model/live_calls.h"

unsigned long live_met[LIVE_TOUCH + 1][2];

const char *const live_call_names[] = { "mmap", "munmap", "mprotect", "madvise", "mincore", "mremap", "mlock",
					"munlock", "touch" };

bool live_agree(const struct live_call *call, long live, long ours)
{
	live_met[call->kind][live >= 0]++;
	if (live == ours)
		return true;
	fprintf(stderr,
		"%s addr %lx len %lx prot %x flags %x advice %d %s new addr %lx len %lx: the kernel gives %ld, ours "
		"%ld\n",
		live_call_names[call->kind], call->addr, call->len, (unsigned int)call->prot, (unsigned int)call->flags,
		call->advice, call->write ? "write" : "read", call->new_addr, call->new_len, live, ours);
	return false;
}

/* A place that was not asked for is left again; that it was chosen is what is compared. */
static bool both_mmap(const struct live_call *call, struct mm_struct *mm)
{
	long live = live_mmap(call->addr, call->len, call->prot, call->flags);
	long ours = sys_mmap(mm, call->addr, call->len, call->prot, call->flags, 0);
	long asked = (long)ALIGN_DOWN(call->addr, PAGE_SIZE);

	if (live >= 0 && live != asked) {
		assert_int_equal(live_munmap((unsigned long)live, call->len), 0);
		live = 1;
	}
	if (ours >= 0 && ours != asked) {
		assert_int_equal(sys_munmap(mm, (unsigned long)ours, call->len), 0);
		ours = 1;
	}
	return live_agree(call, live, ours);
}

static bool both_mincore(const struct live_call *call, struct mm_struct *mm)
{
	unsigned char live_vec[LIVE_PAGES + 2] = { 0 }, our_vec[LIVE_PAGES + 2] = { 0 };
	long live = live_mincore(call->addr, call->len, live_vec),
	     ours = sys_mincore(mm, call->addr, call->len, our_vec);

	if (!live_agree(call, live, ours))
		return false;
	for (unsigned int i = 0; !live && i < LIVE_PAGES + 2; i++)
		if (!live_agree(call, live_vec[i] & 1, our_vec[i]))
			return false;
	return true;
}

static bool outside(long addr)
{
	return addr >= 0 && ((unsigned long)addr < LIVE_BASE || (unsigned long)addr >= LIVE_END);
}

/* From there it is moved back, over what is there; or unmapped. */
static bool both_come_back(const struct live_call *call, struct mm_struct *mm, unsigned long live, unsigned long ours)
{
	unsigned long len = ALIGN_UP(call->new_len, PAGE_SIZE);

	if (!live_stands_alone(live, len))
		return live_agree(call, live_munmap(live, len), sys_munmap(mm, ours, len));
	return live_agree(call, live_mremap(live, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, call->addr),
		     sys_mremap(mm, ours, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, call->addr));
}

static bool both_mremap(const struct live_call *call, struct mm_struct *mm)
{
	long live = live_mremap(call->addr, call->len, call->new_len, call->flags, call->new_addr);
	long ours = sys_mremap(mm, call->addr, call->len, call->new_len, call->flags, call->new_addr);

	if (outside(live) && outside(ours))
		return both_come_back(call, mm, (unsigned long)live, (unsigned long)ours);
	return live_agree(call, live, ours);
}

bool live_both(const struct live_call *call, struct mm_struct *mm)
{
	switch (call->kind) {
	case LIVE_MMAP:
		return both_mmap(call, mm);
	case LIVE_MUNMAP:
		return live_agree(call, live_munmap(call->addr, call->len), sys_munmap(mm, call->addr, call->len));
	case LIVE_MPROTECT:
		return live_agree(call, live_mprotect(call->addr, call->len, call->prot),
			     sys_mprotect(mm, call->addr, call->len, call->prot));
	case LIVE_MADVISE:
		return live_agree(call, live_madvise(call->addr, call->len, call->advice),
			     sys_madvise(mm, call->addr, call->len, call->advice));
	case LIVE_MLOCK:
		return live_agree(call, live_mlock(call->addr, call->len, call->flags),
			     sys_mlock2(mm, call->addr, call->len, call->flags));
	case LIVE_MUNLOCK:
		return live_agree(call, live_munlock(call->addr, call->len), sys_munlock(mm, call->addr, call->len));
	case LIVE_MINCORE:
		return both_mincore(call, mm);
	case LIVE_MREMAP:
		return both_mremap(call, mm);
	default:
		return live_agree(call, live_touch(call->addr, call->write, call->byte),
			     our_touch(mm, call->addr, call->write, call->byte));
	}
}
