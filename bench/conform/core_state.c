/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_state.c - the state of a process of the core's side: its VMAs, and its pages as /proc would show them. */
#include "bench/conform/core_side.h"

#include <string.h>

static struct core_side *core_of(struct side *side)
{
	return container_of(side, struct core_side, side);
}

static unsigned int file_number(struct core_side *core, const struct file *file)
{
	for (unsigned int i = 1; file && i <= NR_FILES; i++)
		if (core->files[i] == file)
			return i;
	return 0;
}

static struct vma_state vma_state_of(struct core_side *core, const struct vm_area_struct *vma)
{
	static const struct { unsigned long flag; unsigned int bit; } bits[] = {
		{ VM_LOCKED, VMA_LOCKED }, { VM_LOCKONFAULT, VMA_LOCKONFAULT }, { VM_HUGEPAGE, VMA_HUGE },
		{ VM_NOHUGEPAGE, VMA_NOHUGE }, { VM_MERGEABLE, VMA_MERGEABLE }, { VM_SEALED, VMA_SEALED },
		{ VM_DONTCOPY, VMA_DONTFORK }, { VM_WIPEONFORK, VMA_WIPEONFORK }, { VM_DONTDUMP, VMA_DONTDUMP },
		{ VM_ACCOUNT, VMA_ACCOUNT }, { VM_NORESERVE, VMA_NORESERVE }, { VM_SEQ_READ, VMA_SEQUENTIAL },
		{ VM_RAND_READ, VMA_RANDOM }, { VM_GROWSDOWN, VMA_GROWSDOWN },
	};
	unsigned long start = window_start(core->pages);
	struct vma_state state = {
		.first = vma->vm_start < start ? 0 : (long)((vma->vm_start - start) / PAGE_SIZE),
		.end = min((long)((vma->vm_end - start) / PAGE_SIZE), core->pages),
		.shared = vma->vm_flags & VM_SHARED,
		.file = file_number(core, vma->vm_file),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		if (vma->vm_flags & bits[i].flag)
			state.vm_flags |= bits[i].bit;
	state.prot = (unsigned char)((vma->vm_flags & VM_READ ? PROT_READ : 0) |
				     (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
				     (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0));
	if (state.file)
		state.pgoff = (long)vma->vm_pgoff;
	return state;
}

/* mincore() fails where nothing is mapped: it is asked a VMA at a time. */
static void look_at_core(struct mm_struct *mm, const struct vma_state *vma, unsigned long start,
			 struct process_state *state)
{
	static unsigned char vec[WINDOW_PAGES_MAX];
	unsigned long pages = (unsigned long)(vma->end - vma->first);

	BUG_ON(sys_mincore(mm, start + (unsigned long)vma->first * PAGE_SIZE, pages * PAGE_SIZE, vec));
	for (unsigned long i = 0; i < pages; i++)
		if (vec[i] & 1)
			state->pages[(unsigned long)vma->first + i].bits |= PAGE_INCORE;
}

/* What only root sees of a page that is mapped. */
static void look_at_frame(unsigned long pfn, struct page_state *state)
{
	struct page *page = pfn_to_page(pfn);

	state->frame = (uint32_t)pfn + 1;
	if (is_zero_pfn(pfn)) {
		state->bits |= PAGE_ZEROES;
		return;
	}
	state->mapcount = (uint16_t)folio_precise_page_mapcount(page_folio(page), page);
	/* /proc/kpageflags shows that of a large folio's first page. */
	if (folio_test_anon(page_folio(page)) && PageAnonExclusive(&page_folio(page)->page))
		state->bits |= PAGE_ANON_EXCLUSIVE;
}

static void look_at_page(uint64_t word, struct page_state *state)
{
	static const struct { uint64_t word; uint16_t bit; } bits[] = {
		{ PM_PRESENT, PAGE_PRESENT }, { PM_SWAP, PAGE_SWAPPED }, { PM_FILE, PAGE_OF_FILE },
		{ PM_GUARD_REGION, PAGE_GUARD }, { PM_MMAP_EXCLUSIVE, PAGE_MAPPED_ONCE },
		{ PM_SOFT_DIRTY, PAGE_SOFT_DIRTY },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		if (word & bits[i].word)
			state->bits |= bits[i].bit;
	if (word & PM_PRESENT)
		look_at_frame(word & PM_PFRAME_MASK, state);
}

/* The huge zero page is not counted. */
static void look_at_leaves(struct core_side *core, struct mm_struct *mm, struct process_state *state)
{
	unsigned long start = window_start(core->pages);
	struct page_region regions[WINDOW_PAGES_MAX / LEAF_PAGES];
	struct pm_scan_arg arg = {
		.start = start,
		.end = start + (unsigned long)core->pages * PAGE_SIZE,
		.vec = regions,
		.vec_len = ARRAY_SIZE(regions),
		.category_mask = PAGE_IS_HUGE,
		.return_mask = PAGE_IS_HUGE | PAGE_IS_PFNZERO,
	};
	long nr = sys_pagemap_scan(mm, &arg);

	for (long i = 0; i < nr; i++) {
		for (unsigned long addr = regions[i].start; addr < regions[i].end; addr += PAGE_SIZE) {
			struct page_state *page = &state->pages[(addr - start) / PAGE_SIZE];

			page->bits |= PAGE_HUGE | (regions[i].categories & PAGE_IS_PFNZERO ? PAGE_ZEROES : 0);
		}
	}
}

static long kib(uint64_t bytes)
{
	return (long)(bytes >> 10);
}

/* In the kernel's units: it rounds down for each VMA. */
static void add_sizes(const struct mem_size_stats *stats, long *sizes)
{
	const long of_vma[NR_SIZES] = {
		[SIZE_PSS] = kib(stats->pss >> PSS_SHIFT), [SIZE_PSS_DIRTY] = kib(stats->pss_dirty >> PSS_SHIFT),
		[SIZE_SHARED] = kib(stats->shared_clean + stats->shared_dirty),
		[SIZE_PRIVATE] = kib(stats->private_clean + stats->private_dirty),
		[SIZE_ANONYMOUS] = kib(stats->anonymous),
		[SIZE_ANON_HUGE] = kib(stats->anonymous_thp), [SIZE_SHMEM_HUGE] = kib(stats->shmem_thp),
		[SIZE_FILE_HUGE] = kib(stats->file_thp), [SIZE_SWAP] = kib(stats->swap),
		[SIZE_SWAP_PSS] = kib(stats->swap_pss >> PSS_SHIFT),
		[SIZE_LOCKED] = kib(stats->pss_locked >> PSS_SHIFT),
	};

	for (unsigned int i = 0; i < NR_SIZES; i++)
		sizes[i] += of_vma[i];
}

static void look_at_sizes(struct mm_struct *mm, unsigned long start, unsigned long end, struct process_state *state)
{
	struct smaps_vma vma;

	memset(state->sizes, 0, sizeof(state->sizes));
	for (; sys_smaps(mm, start, &vma, 1) && vma.line.start < end; start = vma.line.end)
		add_sizes(&vma.stats, state->sizes);
}

void core_look(struct side *side, unsigned int process, struct process_state *state)
{
	static uint64_t map[WINDOW_PAGES_MAX];
	struct core_side *core = core_of(side);
	struct mm_struct *mm = core->mms[process];
	unsigned long start = window_start(core->pages), end = start + (unsigned long)core->pages * PAGE_SIZE;
	struct vm_area_struct *vma = vma_tree_find(&mm->tree, start);

	memset(state->pages, 0, (size_t)core->pages * sizeof(state->pages[0]));
	state->nr_vmas = 0;
	state->rss_anon = state->rss_file = state->rss_shmem = state->swap_entries = -1;
	state->locked = (long)mm->locked_vm;
	state->total = (long)mm->total_vm;
	state->detailed = true;
	for (; vma && vma->vm_start < end; vma = vma_tree_find(&mm->tree, vma->vm_end)) {
		state->vmas[state->nr_vmas] = vma_state_of(core, vma);
		look_at_core(mm, &state->vmas[state->nr_vmas++], start, state);
	}
	BUG_ON(sys_pagemap(mm, start, (unsigned long)core->pages, map));
	for (long i = 0; i < core->pages; i++)
		look_at_page(map[i], &state->pages[i]);
	if (core->pages >= LEAF_PAGES)
		look_at_leaves(core, mm, state);
	look_at_sizes(mm, start, end, state);
}

unsigned char *core_byte(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	struct folio_walk fw;
	unsigned char *byte = NULL;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && folio_walk_start(&fw, vma, addr, 0)) {
		byte = (unsigned char *)page_payload(fw.page) + addr % PAGE_SIZE % machine.payload;
		folio_walk_end(&fw, vma);
	}
	mmap_read_unlock(mm);
	return byte;
}

void core_contents(struct side *side, unsigned int process, const unsigned char *wanted, int *bytes)
{
	struct core_side *core = core_of(side);
	struct mm_struct *mm = core->mms[process];

	for (long i = 0; i < core->pages; i++) {
		unsigned long addr = window_start(core->pages) + (unsigned long)i * PAGE_SIZE;
		unsigned char *byte;

		bytes[i] = -1;
		if (!wanted[i] || do_user_addr_fault(mm, addr, 0))
			continue;
		byte = core_byte(mm, addr);
		bytes[i] = byte ? *byte : 0;
	}
}
