/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_kinds.c - the same kinds of memory, of ours and of the running kernel. */
#include "tests/lib/model/memory_kinds.h"

#include <stdio.h>
#include <unistd.h>

#include "core/mm/huge_memory.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define HUGETLB		(ANON | MAP_HUGETLB | MAP_NORESERVE)
#define RAW_ORDER	2

static struct file *our_file;
static struct page *our_frames;
static FILE *live_file;
static unsigned long vvar, vvar_size;

void memory_kinds_up(void)
{
	our_file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, 0, 1);
	our_frames = alloc_raw_frames(RAW_ORDER);
	live_file = tmpfile();
	BUG_ON(!our_file || !our_frames || !live_file || ftruncate(fileno(live_file), PMD_SIZE));
	if (!live_find("[vvar]", &vvar, &vvar_size) || vvar_size < 2 * PAGE_SIZE) {
		fprintf(stderr, "the running kernel has no raw frames in [vvar]: not compared\n");
		vvar_size = 0;
	}
}

void memory_kinds_down(void)
{
	free_raw_frames(our_frames, RAW_ORDER);
	file_put(our_file);
	fclose(live_file);
}

unsigned long our_kind_at(enum memory_kind kind, unsigned long *size)
{
	*size = kind == RAW ? PAGE_SIZE << RAW_ORDER : KIND_MAPPED;
	return KIND_AT;
}

unsigned long live_kind_at(enum memory_kind kind, unsigned long *size)
{
	*size = kind == RAW ? vvar_size : KIND_MAPPED;
	return kind == RAW ? vvar : KIND_AT;
}

static bool is_file(enum memory_kind kind)
{
	return kind == FILE_PRIVATE || kind == FILE_SHARED;
}

static int file_flags(enum memory_kind kind)
{
	return MAP_FIXED | (kind == FILE_SHARED ? MAP_SHARED : MAP_PRIVATE);
}

static int prot_of(enum memory_kind kind)
{
	return kind == READ_ONLY ? PROT_READ : kind == NO_ACCESS ? PROT_NONE : READ_WRITE;
}

static bool is_written(enum memory_kind kind)
{
	return kind == HUGE_LEAF || kind == WRITTEN || kind == LOCKED;
}

/* ---- ours ---- */

static long map_ours(struct mm_struct *mm, enum memory_kind kind)
{
	if (kind == NOTHING)
		return KIND_AT;
	if (is_file(kind))
		return sys_mmap_file(mm, KIND_AT, KIND_MAPPED, READ_WRITE, file_flags(kind), our_file, 0);
	if (kind == RAW)
		return sys_mmap_pfn(mm, KIND_AT, PAGE_SIZE << RAW_ORDER, PROT_READ, MAP_PRIVATE | MAP_FIXED,
				    page_to_pfn(our_frames));
	return sys_mmap(mm, KIND_AT, KIND_MAPPED, prot_of(kind), kind == HUGE_POOL ? HUGETLB : ANON, 0);
}

struct mm_struct *our_kind(enum memory_kind kind)
{
	struct mm_struct *mm = world_mm("linux-6.15,thp=madvise");

	BUG_ON(map_ours(mm, kind) != KIND_AT);
	if (kind == HUGE_LEAF)
		BUG_ON(sys_madvise(mm, KIND_AT, KIND_MAPPED, MADV_HUGEPAGE));
	if (is_written(kind))
		BUG_ON(do_user_addr_fault(mm, KIND_AT, FAULT_FLAG_WRITE));
	if (kind == GUARDED)
		BUG_ON(sys_madvise(mm, KIND_AT, PAGE_SIZE, MADV_GUARD_INSTALL));
	if (kind == HOLE)
		BUG_ON(sys_munmap(mm, KIND_AT + PAGE_SIZE, PAGE_SIZE));
	if (kind == LOCKED)
		BUG_ON(sys_mlock2(mm, KIND_AT, PMD_SIZE, MLOCK_ONFAULT));
	return mm;
}

/* ---- the running kernel ---- */

static long map_live(enum memory_kind kind)
{
	if (is_file(kind))
		return live_mmap_file(KIND_AT, KIND_MAPPED, READ_WRITE, file_flags(kind), fileno(live_file), 0);
	return live_mmap(KIND_AT, KIND_MAPPED, prot_of(kind), kind == HUGE_POOL ? HUGETLB : ANON);
}

bool live_kind(enum memory_kind kind)
{
	long ret;

	if (kind == NOTHING || kind == RAW)
		return kind == NOTHING || vvar_size;
	ret = map_live(kind);
	if (ret < 0 && kind == HUGE_POOL) {
		fprintf(stderr, "the running kernel maps no huge pages of hugetlb (%ld): not compared\n", ret);
		return false;
	}
	BUG_ON(ret != KIND_AT);
	if (kind == HUGE_LEAF)
		live_madvise(KIND_AT, KIND_MAPPED, MADV_HUGEPAGE);
	if (is_written(kind))
		BUG_ON(live_touch(KIND_AT, true, 1) != 1);
	if (kind == GUARDED)
		BUG_ON(live_madvise(KIND_AT, PAGE_SIZE, MADV_GUARD_INSTALL));
	if (kind == HOLE)
		BUG_ON(live_munmap(KIND_AT + PAGE_SIZE, PAGE_SIZE));
	if (kind == LOCKED && live_mlock(KIND_AT, PMD_SIZE, MLOCK_ONFAULT)) {
		fprintf(stderr, "the running kernel allows no locked memory: not compared\n");
		BUG_ON(live_munmap(KIND_AT, KIND_MAPPED));
		return false;
	}
	return true;
}
