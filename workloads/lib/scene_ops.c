/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_ops.c - operations of scenarios. */
#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/contents.h"
#include "workloads/lib/file_space.h"
#include "workloads/lib/gup_pages.h"
#include "workloads/lib/scene.h"
#include "workloads/lib/scene_state.h"

#define RW	(PROT_READ | PROT_WRITE)

struct mm_struct *scene_mm(const struct worker *worker)
{
	return scene_state.in_turn && worker->index % 2 ? scene_state.child : space_of(worker)->mm;
}

static unsigned long addr_of(const struct worker *worker)
{
	return space_region(space_of(worker), 0);
}

static unsigned long size_of(const struct worker *worker)
{
	return space_of(worker)->pages << PAGE_SHIFT;
}

int64_t scene_done(struct worker *worker, long result)
{
	return result >= 0 || result == -ENOMEM || result == -EAGAIN || result == -EBUSY || result == -EFAULT ||
			       result == -EINVAL ?
		       1 :
		       space_fail(space_of(worker), (int)result, "%s failed: %ld",
				  worker->run->workload->roles[worker->role].name, result);
}

/* ---- faults and pins ---- */
static int64_t fault(struct worker *worker, unsigned long addr, unsigned int flags)
{
	vm_fault_t ret = user_access(scene_mm(worker), addr, flags);
	uint64_t mark = worker->index + 1;
	int err;

	if (ret & VM_FAULT_OOM)
		return space_fail(space_of(worker), -ENOMEM, "a fault finds no memory");
	if (ret || !(flags & FAULT_FLAG_WRITE) || space_of(worker)->file || !scene_state.in_turn)
		return 1;
	err = contents_write(scene_mm(worker), addr, mark);
	if (err == -EUCLEAN)
		return space_fail(space_of(worker), err, "a write finds a page that is not its own");
	return !err && contents_expect(scene_mm(worker), addr, mark) == -EUCLEAN ?
		       space_fail(space_of(worker), -EUCLEAN, "what was written is lost") : 1;
}

int64_t scene_read(struct worker *worker)
{
	return fault(worker, addr_of(worker), 0);
}

int64_t scene_write(struct worker *worker)
{
	return fault(worker, addr_of(worker), FAULT_FLAG_WRITE);
}

int64_t scene_write_second(struct worker *worker)
{
	return fault(worker, addr_of(worker) + PAGE_SIZE, FAULT_FLAG_WRITE);
}

/* The first access fills the TLB; the second one uses it, unless a flush comes in between. */
int64_t scene_read_twice(struct worker *worker)
{
	int64_t done = scene_read(worker);

	return done < 0 ? done : scene_read(worker);
}

static struct unmap_count unmaps;	/* (A) of all pages */

/* @flags are of the pin. Where nothing is mapped any more there is none. */
static int64_t pin(struct worker *worker, unsigned int flags)
{
	struct pin_check check = { .mm = scene_mm(worker), .addr = addr_of(worker), .slot = worker->index,
				   .unmaps = &unmaps };
	char why[256];

	if (checked_pin(&check, flags) == 1 && !checked_unpin(&check, why, sizeof(why)))
		return space_fail(space_of(worker), -EUCLEAN, "%s", why);
	return 1;
}

int64_t scene_pin(struct worker *worker)
{
	return pin(worker, FOLL_WRITE);
}

int64_t scene_pin_to_read(struct worker *worker)
{
	return pin(worker, 0);
}

int64_t scene_pin_file(struct worker *worker)
{
	int err = file_space_access_pinned(space_of(worker), 0, 0, file_space_mark(space_of(worker), 0, 0, 1));

	return err == -EUCLEAN ? space_fail(space_of(worker), err, "a pinned page has the wrong contents") : 1;
}

int64_t scene_pin_none(struct worker *worker)
{
	struct page *pages[2 * SCENE_PAGES] = { NULL };	/* room for what is not to be written */
	long pinned = pin_user_pages_fast(scene_mm(worker), addr_of(worker), 0, FOLL_WRITE, pages);

	return pinned || pages[0] ? space_fail(space_of(worker), -EUCLEAN, "no page was to be pinned, and one is") : 1;
}

/* The file keeps what it held. */
int64_t scene_force_write(struct worker *worker)
{
	uint64_t mark = worker->index + 1, seeded = file_seeded_word(worker->run->seed, 0);
	struct folio *folio;

	access_remote_vm(scene_mm(worker), addr_of(worker), &mark, sizeof(mark), FOLL_WRITE | FOLL_FORCE);
	folio = filemap_get_folio(&space_of(worker)->file->mapping, 0);
	if (!folio)
		return 1;
	if (machine.payload && load_relaxed((uint64_t *)page_payload(&folio->page)) != seeded)
		space_fail(space_of(worker), -EUCLEAN, "a forced write to a private mapping changed the file");
	folio_put(folio);
	return 1;
}

int64_t scene_direct_read(struct worker *worker)
{
	struct mm_struct *mm = scene_mm(worker);
	struct page *page;

	if (get_user_pages_fast(mm, addr_of(worker), 1, FOLL_WRITE, &page) != 1)
		return 1;
	contents_put(page, worker->index + 1);
	folio_clear_lazyfree(page_folio(page));
	put_page(page);
	return contents_expect(mm, addr_of(worker), worker->index + 1) ?
		       space_fail(space_of(worker), -EUCLEAN, "what a device wrote is lost") : 1;
}

/* ---- what changes mappings ---- */
int64_t scene_unmap(struct worker *worker)
{
	int err;

	unmap_begin(&unmaps);
	err = sys_munmap(scene_mm(worker), addr_of(worker), size_of(worker));
	unmap_end(&unmaps);
	return scene_done(worker, err);
}

int64_t scene_unmap_second(struct worker *worker)
{
	return scene_done(worker, sys_munmap(scene_mm(worker), addr_of(worker) + PAGE_SIZE, PAGE_SIZE));
}

static int64_t drop(struct worker *worker, unsigned long size)
{
	int err;

	unmap_begin(&unmaps);
	err = sys_madvise(scene_mm(worker), addr_of(worker), size, MADV_DONTNEED);
	unmap_end(&unmaps);
	return scene_done(worker, err);
}

int64_t scene_drop(struct worker *worker)
{
	return drop(worker, PAGE_SIZE);
}

int64_t scene_drop_table(struct worker *worker)
{
	return drop(worker, PMD_SIZE);
}

int64_t scene_reuse(struct worker *worker)
{
	int64_t pages = scene_drop(worker);

	return pages < 0 ? pages : scene_write_second(worker);
}

int64_t scene_guard(struct worker *worker)
{
	return scene_done(worker, sys_madvise(scene_mm(worker), addr_of(worker), PAGE_SIZE, MADV_GUARD_INSTALL));
}

static int64_t protect(struct worker *worker, unsigned long size)
{
	int err = sys_mprotect(scene_mm(worker), addr_of(worker), size, PROT_READ);

	return scene_done(worker, err ? err : sys_mprotect(scene_mm(worker), addr_of(worker), size, RW));
}

int64_t scene_protect(struct worker *worker)
{
	return protect(worker, size_of(worker));
}

int64_t scene_protect_page(struct worker *worker)
{
	return protect(worker, PAGE_SIZE);
}

int64_t scene_move(struct worker *worker)
{
	unsigned long addr = addr_of(worker), size = size_of(worker);

	return scene_done(worker, sys_mremap(scene_mm(worker), addr, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
				       addr + PUD_SIZE));
}

/* Named as region 0, so that it merges. */
int64_t scene_extend(struct worker *worker)
{
	return scene_done(worker, sys_mmap(scene_mm(worker), addr_of(worker) + size_of(worker), PAGE_SIZE, RW,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 1));
}

/* ---- what takes pages away ---- */
int64_t scene_page_out(struct worker *worker)
{
	return scene_done(worker, sys_madvise(scene_mm(worker), addr_of(worker), PAGE_SIZE, MADV_PAGEOUT));
}

int64_t scene_read_page_out(struct worker *worker)
{
	int64_t pages = scene_read(worker);

	return pages < 0 ? pages : scene_page_out(worker);
}

int64_t scene_migrate(struct worker *worker)
{
	struct folio *folio = scene_folio(scene_mm(worker), addr_of(worker));

	return folio ? scene_done(worker, migrate_folio(folio, 0)) : 1;
}

int64_t scene_move_page(struct worker *worker)
{
	unsigned long addr = addr_of(worker);
	int node = (int)(machine.nr_nodes - 1), status;

	return scene_done(worker, sys_move_pages(scene_mm(worker), 1, &addr, &node, &status, MPOL_MF_MOVE));
}

int64_t scene_truncate(struct worker *worker)
{
	int err = sys_ftruncate(space_of(worker)->file, 0);

	return scene_done(worker, err ? err : sys_ftruncate(space_of(worker)->file, SCENE_PAGES));
}

int64_t scene_clean(struct worker *worker)
{
	filemap_writeback(space_of(worker)->file);
	return 1;
}

int64_t scene_reclaim_file(struct worker *worker)
{
	struct folio *folio = filemap_get_folio(&space_of(worker)->file->mapping, 0);

	return folio ? scene_done(worker, reclaim_folio(folio)) : 1;
}

int64_t scene_reclaim_reuse(struct worker *worker)
{
	int64_t pages = scene_reclaim_file(worker);

	return pages < 0 ? pages : fault(worker, addr_of(worker) + PAGE_SIZE, 0);
}

int64_t scene_collapse(struct worker *worker)
{
	return scene_done(worker, sys_madvise(scene_mm(worker), addr_of(worker), PMD_SIZE, MADV_COLLAPSE));
}

/* ---- processes ---- */
int64_t scene_fork(struct worker *worker)
{
	struct mm_struct *child;
	int err = sys_fork(scene_mm(worker), &child);

	if (err)
		return scene_done(worker, err);
	if (!pin_check_child(child, addr_of(worker), addr_of(worker) + PAGE_SIZE, pin_clock(), NULL, 0))
		space_fail(space_of(worker), -EUCLEAN, "a child has what was written behind its fork");
	mm_exit(child);
	return 1;
}

int64_t scene_exit(struct worker *worker)
{
	(void)worker;
	mm_exit(scene_state.child);
	scene_state.child = NULL;
	return 1;
}

int64_t scene_exit_fork(struct worker *worker)
{
	int64_t exits = scene_exit(worker);

	return exits < 0 ? exits : scene_fork(worker);
}

int64_t scene_mrelease(struct worker *worker)
{
	return scene_done(worker, sys_process_mrelease(scene_state.killed, 0));
}

/* It holds what its process wrote, or was reaped. */
int64_t scene_read_killed(struct worker *worker)
{
	struct mm_struct *mm = scene_state.killed;
	uint64_t mark = SCENE_MARK;
	vm_fault_t ret;

	if (!mmget_not_zero(mm))
		return 1;
	ret = do_user_addr_fault(mm, addr_of(worker), 0);
	if (!ret)
		contents_read(mm, addr_of(worker), &mark);
	mmput(mm);
	if (ret & ~VM_FAULT_SIGBUS || (machine.payload && mark != SCENE_MARK))
		return space_fail(space_of(worker), -EUCLEAN, "a page of a killed process has lost what it wrote");
	return 1;
}

/* ---- what looks ---- */
int64_t scene_maps(struct worker *worker)
{
	unsigned long at = addr_of(worker), end = at + size_of(worker);
	struct maps_line lines[SCENE_PAGES];
	unsigned int nr = sys_maps(scene_mm(worker), 0, lines, SCENE_PAGES);

	for (unsigned int i = 0; i < nr; i++)
		if (lines[i].start <= at && lines[i].end > at)
			at = lines[i].end;
	return at >= end ? 1 : space_fail(space_of(worker), -EUCLEAN, "maps has no line of %#lx", at);
}

/* Each VMA has no more than it can hold, and each page counts as one at most. */
int64_t scene_smaps(struct worker *worker)
{
	struct smaps_vma vmas[SCENE_PAGES];
	unsigned int nr = sys_smaps(scene_mm(worker), 0, vmas, SCENE_PAGES);

	for (unsigned int i = 0; i < nr; i++) {
		const struct mem_size_stats *stats = &vmas[i].stats;
		uint64_t size = vmas[i].line.end - vmas[i].line.start;

		if (stats->resident + stats->swap > size || stats->pss > stats->resident << PSS_SHIFT ||
		    stats->pss_anon + stats->pss_file + stats->pss_shmem != stats->pss)
			return space_fail(space_of(worker), -EUCLEAN, "smaps counts what cannot be at %#lx",
					  vmas[i].line.start);
	}
	return 1;
}

int64_t scene_referenced(struct worker *worker)
{
	struct folio *folio = scene_state.folio ? scene_state.folio : scene_folio(scene_mm(worker), addr_of(worker));
	unsigned long flags;

	if (!folio)
		return 1;
	folio_referenced(folio, false, &flags);
	if (folio != scene_state.folio)
		folio_put(folio);
	return 1;
}

int64_t scene_look_up(struct worker *worker)
{
	struct folio *folio = scene_state.folio;
	struct anon_vma *anon_vma = folio_lock_anon_vma_read(folio, NULL);
	unsigned long index = folio->page.index;
	int64_t result = 1;

	if (!anon_vma)
		return result;
	if (folio_mapped(folio) && !anon_vma_interval_tree_iter_first(&anon_vma->tree, index, index) &&
	    folio_mapped(folio))
		result = space_fail(space_of(worker), -EUCLEAN, "a mapped folio's anon_vma has no VMA there");
	anon_vma_unlock_read(anon_vma);
	return result;
}

/* Compared before it is known whether it is valid: if it is, it must agree. */
int64_t scene_snapshot(struct worker *worker)
{
	struct mm_struct *mm = scene_mm(worker);
	unsigned long start = addr_of(worker), end = start + PAGE_SIZE;
	struct vm_area_struct *vma;
	struct hmm_range range;
	hmm_pfn_t pfns[1];
	char why[256];
	bool agrees;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, start);
	if (vma && hmm_vma_range_monitor_start(&range, vma, start, end)) {
		BUG_ON(hmm_vma_get_pfns(vma, start, end, pfns));
		agrees = oracle_snapshot(vma, start, end, pfns, why, sizeof(why)) >= 0;
		if (hmm_vma_range_monitor_end(&range) && !agrees)
			space_fail(space_of(worker), -EUCLEAN, "%s", why);
	}
	mmap_read_unlock(mm);
	return 1;
}

static int pass_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)ptep, (void)addr, (void)next, (void)walk;
	return 0;
}

int64_t scene_walk(struct worker *worker)
{
	static const struct mm_walk_ops ops = { .pte_entry = pass_pte, .walk_lock = PGWALK_RDLOCK };

	unsigned long start = addr_of(worker);

	return scene_done(worker, space_walk(scene_mm(worker), start, start + SCENE_PAGES * PAGE_SIZE, &ops, NULL));
}
