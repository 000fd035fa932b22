/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_storm.c - threads that map the files of drivers in a few address spaces. */
#include "tests/lib/storm/device_storm.h"

#include <stdio.h>

#include "core/op/vm_fault.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/storm/storm_stop.h"

#define MMS		2u
#define ORDER		3u
#define PAGES		(2ul << ORDER)	/* of each file; the first half of the mixed one are the driver's */
#define AREAS		3ul
#define AREA_AT(i)	(3 * PGDIR_SIZE + (i) * PMD_SIZE + PMD_SIZE - 6 * PAGE_SIZE)	/* over two tables */

enum { MEM, PFN, MIXED, COUNTING, FILES };

/* (C) while threads run */
struct device_storm_run {
	const struct device_storm *storm;
	struct mm_struct *mm[MMS];
	struct page *raw, *pages;
	struct file *file[FILES];
	struct device_frames frames[FILES];
};

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

/* ---- a driver that keeps count of writes ---- */

static bool written[PAGES];	/* under its file's invalidate_lock */

static unsigned long counting_first(const struct file *file)
{
	return ((const struct device_frames *)file->private_data)->first;
}

/* Marked and made writable as one, against clean(). */
static vm_fault_t count_write(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	unsigned long pfn = linear_page_index(vmf->vma, vmf->addr);
	vm_fault_t ret;

	down_write(&file->mapping.invalidate_lock);
	written[pfn - counting_first(file)] = true;
	ret = vmf_insert_mixed_mkwrite(vmf->vma, vmf->addr, pfn);
	up_write(&file->mapping.invalidate_lock);
	return ret;
}

static void clean(struct file *file)
{
	unsigned long i = below(PAGES), pfn = counting_first(file) + i;

	down_write(&file->mapping.invalidate_lock);
	written[i] = false;
	mapping_wrprotect_range(&file->mapping, pfn, pfn, 1);
	up_write(&file->mapping.invalidate_lock);
}

static int is_known(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct file *file = walk->private;
	pte_t pte = ptep_get(ptep);

	(void)next;
	if (walk->vma->vm_file != file || is_cow_mapping(walk->vma->vm_flags) || !pte_present(pte) || !pte_write(pte))
		return 0;
	return !written[linear_page_index(walk->vma, addr) - counting_first(file)];
}

static bool writes_are_known(struct device_storm_run *run, char *why, size_t why_size)
{
	static const struct mm_walk_ops ops = { .pte_entry = is_known, .walk_lock = PGWALK_RDLOCK };
	bool unknown = false;

	for (unsigned int i = 0; i < MMS; i++) {
		mmap_read_lock(run->mm[i]);
		unknown |= walk_page_range(run->mm[i], AREA_AT(0), AREA_AT(AREAS), &ops, run->file[COUNTING]);
		mmap_read_unlock(run->mm[i]);
	}
	if (unknown)
		snprintf(why, why_size, "an entry allows writes that its driver does not know of");
	return !unknown;
}

/* ---- operations ---- */

/* (T) a range of pages of one mm, in one area */
struct target {
	struct mm_struct *mm;
	unsigned long area, page, pages, start, len;
};

static struct target pick(const struct device_storm_run *run)
{
	struct target t = { .mm = run->mm[below(MMS)], .area = below(AREAS), .page = below(PAGES) };

	t.pages = 1 + below(PAGES - t.page);
	t.start = AREA_AT(t.area) + t.page * PAGE_SIZE;
	t.len = t.pages * PAGE_SIZE;
	return t;
}

/* Sometimes of other pages than its neighbours. */
static void map(const struct device_storm_run *run, const struct target *t)
{
	unsigned int kind = (unsigned int)below(FILES);
	unsigned long page = below(4) ? t->page : below(PAGES);

	sys_mmap_device(t->mm, t->start, t->len, below(4) ? PROT_READ | PROT_WRITE : PROT_READ,
			MAP_FIXED | (below(3) ? MAP_SHARED : MAP_PRIVATE), run->file[kind],
			run->frames[kind].first + page);
}

static void move(const struct target *t)
{
	unsigned long to = AREA_AT((t->area + 1) % AREAS) + t->page * PAGE_SIZE;

	sys_mremap(t->mm, t->start, t->len, t->len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static void unmap_by_file(const struct device_storm_run *run, const struct target *t)
{
	unsigned long kind = below(FILES);

	unmap_mapping_range(&run->file[kind]->mapping, run->frames[kind].first + t->page, t->pages, below(2));
}

static void zap(const struct target *t)
{
	struct vm_area_struct *vma;

	mmap_read_lock(t->mm);
	vma = vma_lookup(t->mm, t->start);
	if (vma && vma->vm_file && !is_cow_mapping(vma->vm_flags))
		zap_vma_ptes(vma, t->start, min(t->len, vma->vm_end - t->start));
	mmap_read_unlock(t->mm);
}

static void get(const struct target *t)
{
	unsigned int flags = below(2) ? FOLL_WRITE : 0;
	struct page *page;

	if (below(2)) {
		if (get_user_pages_fast(t->mm, t->start, 1, flags, &page) == 1)
			put_page(page);
	} else if (pin_user_pages_fast(t->mm, t->start, 1, flags | (below(2) ? FOLL_LONGTERM : 0), &page) == 1) {
		unpin_user_page(page);
	}
}

static void fork_and_exit(const struct target *t)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(t->mm, &child));
	for (unsigned int i = 0; i < 4; i++)
		do_user_addr_fault(child, AREA_AT(below(AREAS)) + below(PAGES) * PAGE_SIZE,
				   below(2) ? FAULT_FLAG_WRITE : 0);
	mm_exit(child);
}

static void device_op(const struct device_storm_run *run)
{
	struct target t = pick(run);
	unsigned long dice = below(100);

	if (dice < 50)
		do_user_addr_fault(t.mm, t.start, below(2) ? FAULT_FLAG_WRITE : 0);
	else if (dice < 60)
		map(run, &t);
	else if (dice < 63)
		sys_munmap(t.mm, t.start, t.len);
	else if (dice < 67)
		move(&t);
	else if (dice < 72)
		sys_mprotect(t.mm, t.start, t.len, below(2) ? PROT_READ | PROT_WRITE : PROT_READ);
	else if (dice < 75)
		sys_madvise(t.mm, t.start, t.len, MADV_DONTNEED);
	else if (dice < 82)
		unmap_by_file(run, &t);
	else if (dice < 86)
		zap(&t);
	else if (dice < 91)
		get(&t);
	else if (dice < 95)
		clean(run->file[COUNTING]);
	else
		fork_and_exit(&t);
}

static void storm_thread(void *arg, unsigned int index)
{
	const struct device_storm_run *run = arg;

	(void)index;
	for (unsigned long i = 0; i < run->storm->rounds; i++) {
		device_op(run);
		rcu_quiescent();
	}
	frame_drain_cpu();
}

/* ---- a run ---- */

static void create_files(struct device_storm_run *run)
{
	static struct vm_operations_struct counting;
	const struct vm_operations_struct *ops[FILES] = { &mem_device, &pfn_device, &mixed_device, &counting };
	const unsigned long first[FILES] = { page_to_pfn(run->raw), machine.max_pfn + 64, page_to_pfn(run->pages),
					     machine.max_pfn + 128 };

	counting = mixed_device;
	counting.pfn_mkwrite = count_write;
	for (unsigned int i = 0; i < FILES; i++) {
		run->frames[i] = (struct device_frames){ first[i], PAGES };
		run->file[i] = file_create_device(ops[i], &run->frames[i]);
		BUG_ON(!run->file[i]);
	}
	for (unsigned long i = 0; i < PAGES; i++)
		written[i] = false;
}

static void set_up(struct device_storm_run *run)
{
	const struct machine_config config = { 1, 8192, 0 };

	run_seed = run->storm->seed;
	BUG_ON(faultline_start(&config));
	BUG_ON(cpu_register(0, MEM_LOCAL, run->storm->seed));
	run->raw = alloc_raw_frames(ORDER + 1);
	run->pages = alloc_driver_pages(ORDER);
	BUG_ON(!run->raw || !run->pages);
	create_files(run);
	for (unsigned int i = 0; i < MMS; i++) {
		run->mm[i] = mm_create(&run->storm->policy);
		BUG_ON(!run->mm[i]);
	}
}

static void tear_down(struct device_storm_run *run)
{
	for (unsigned int i = 0; i < MMS; i++)
		mm_exit(run->mm[i]);
	for (unsigned int i = 0; i < FILES; i++)
		file_put(run->file[i]);
	free_raw_frames(run->raw, ORDER + 1);
	put_page(run->pages);
}

bool device_storm_run(const struct device_storm *storm, char *why, size_t why_size)
{
	struct device_storm_run run = { .storm = storm };
	bool good;

	set_up(&run);
	syncpoint_noise(storm->noise);
	threads_run(storm->threads, storm_thread, &run);
	syncpoint_noise(0);
	rcu_barrier();
	good = oracle_at_rest(run.mm, MMS, why, why_size) && writes_are_known(&run, why, why_size);
	if (good)
		tear_down(&run);
	return storm_stop(good, why, why_size);
}
