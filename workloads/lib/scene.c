/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene.c - set-ups of scenarios. */
#include "workloads/lib/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "workloads/lib/contents.h"
#include "workloads/lib/file_space.h"
#include "workloads/lib/scene_state.h"
#include "workloads/lib/thp_space.h"

struct scene_state scene_state;

static unsigned long start(struct workload_run *run)
{
	return space_region(run->data, 0);
}

static int hold(struct page *page, unsigned long addr, void *arg)
{
	struct folio **folio = arg;

	(void)addr;
	*folio = page_folio(page);
	folio_get(*folio);
	return 0;
}

struct folio *scene_folio(struct mm_struct *mm, unsigned long addr)
{
	struct folio *folio = NULL;

	return access_payload(mm, addr, hold, &folio) ? NULL : folio;
}

int scene_settle(struct workload_run *run, int err)
{
	if (err && run->data)
		scene_close(run);
	return err;
}

static void drop_references(void)
{
	struct scene_state *state = &scene_state;

	if (state->khugepaged)
		khugepaged_disable();
	if (state->folio)
		folio_put(state->folio);
	if (state->killed)
		mmdrop(state->killed);
	if (state->uffd)
		userfaultfd_release(state->uffd);
	state->khugepaged = false;
	state->uffd = NULL;
	state->folio = NULL;
	state->killed = NULL;
}

void scene_close(struct workload_run *run)
{
	struct scene_state *state = &scene_state;

	drop_references();
	if (state->child)
		mm_exit(state->child);
	if (run->data)
		space_close(run);
	if (state->swap)
		BUG_ON(swap_off());
	if (state->pool)
		hugetlb_pool_resize(HPAGE_PMD_ORDER, 0);
	*state = (struct scene_state){ 0 };
}

int scene_check(struct workload_run *run)
{
	struct space *space = run->data;
	struct mm_struct *mms[2] = { space->mm, scene_state.child };
	char why[256];

	drop_references();
	rcu_barrier();
	if (!oracle_at_rest(mms, scene_state.child ? 2 : 1, why, sizeof(why)))
		return space_fail(space, -EUCLEAN, "%s", why);
	return space->error;
}

/* ---- anonymous memory ---- */
static int populate(struct workload_run *run)
{
	struct space *space = run->data;

	return space_populate(space, space->mm, start(run), SCENE_PAGES / 2, PAGE_SIZE);
}

int scene_write_first(struct workload_run *run)
{
	struct space *space = run->data;

	return space_fault(space, space->mm, start(run), FAULT_FLAG_WRITE);
}

int scene_empty(struct workload_run *run)
{
	return space_open(run, 1, SCENE_PAGES);
}

int scene_neighbours(struct workload_run *run)
{
	int err = scene_empty(run);
	struct space *space = run->data;

	return err ? err : sys_mprotect(space->mm, start(run) + PAGE_SIZE, (SCENE_PAGES - 1) << PAGE_SHIFT,
					PROT_READ | PROT_WRITE | PROT_EXEC);
}

int scene_maps_vma_lock(struct workload_run *run)
{
	run->policy.maps_lock = MAPS_VMA_LOCK_SMAPS;
	return scene_empty(run);
}

int scene_smaps_written(struct workload_run *run)
{
	run->policy.maps_lock = MAPS_VMA_LOCK_SMAPS;
	return scene_written(run);
}

int scene_stack(struct workload_run *run)
{
	int err = scene_empty(run);
	struct space *space = run->data;
	unsigned long start, len = SCENE_PAGES << PAGE_SHIFT;
	long at;

	if (err)
		return err;
	start = space_region(space, 0);
	err = sys_munmap(space->mm, start, len);
	at = sys_mmap(space->mm, start + len - PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, 1);
	return scene_settle(run, err ? err : min(at, 0l));
}

int scene_half(struct workload_run *run)
{
	int err = scene_empty(run);

	return scene_settle(run, err ? err : scene_write_first(run));
}

int scene_written(struct workload_run *run)
{
	int err = scene_empty(run);

	return scene_settle(run, err ? err : populate(run));
}

int scene_tlb(struct workload_run *run)
{
	if (run->policy.tlb == TLB_OFF)
		run->policy.tlb = TLB_IPI;
	return scene_written(run);
}

int scene_swap(struct workload_run *run)
{
	int err = scene_written(run);

	if (!err)
		err = swap_on(2 * SCENE_PAGES);
	scene_state.swap = !err;
	return scene_settle(run, err);
}

int scene_mirrored(struct workload_run *run)
{
	int err = scene_written(run);

	return scene_settle(run, err ? err : mmu_notifier_register(((struct space *)run->data)->mm));
}

static int advise_first(struct workload_run *run, int advice)
{
	return sys_madvise(((struct space *)run->data)->mm, start(run), PAGE_SIZE, advice);
}

int scene_freed(struct workload_run *run)
{
	int err = scene_written(run);

	return scene_settle(run, err ? err : advise_first(run, MADV_FREE));
}

int scene_swapped(struct workload_run *run)
{
	int err = scene_swap(run);

	return scene_settle(run, err ? err : advise_first(run, MADV_PAGEOUT));
}

int scene_fork_child(struct workload_run *run)
{
	return sys_fork(((struct space *)run->data)->mm, &scene_state.child);
}

int scene_forked(struct workload_run *run)
{
	int err = scene_written(run);

	return scene_settle(run, err ? err : scene_fork_child(run));
}

int scene_family(struct workload_run *run)
{
	scene_state.in_turn = true;
	return scene_forked(run);
}

int scene_family_swapped(struct workload_run *run)
{
	int err = scene_swapped(run);

	scene_state.in_turn = true;
	return scene_settle(run, err ? err : scene_fork_child(run));
}

int scene_heir(struct workload_run *run)
{
	int err = scene_forked(run);

	if (!err)
		err = space_fault(run->data, scene_state.child, start(run), FAULT_FLAG_WRITE);
	if (!err)
		scene_state.folio = scene_folio(scene_state.child, start(run));
	return scene_settle(run, err);
}

int scene_killed(struct workload_run *run)
{
	int err = scene_forked(run);

	if (!err)
		err = space_fault(run->data, scene_state.child, start(run), FAULT_FLAG_WRITE);
	if (!err)
		err = contents_write(scene_state.child, start(run), SCENE_MARK);
	if (err)
		return scene_settle(run, err);
	scene_state.killed = scene_state.child;
	mmgrab(scene_state.killed);
	mm_kill(scene_state.killed);
	return 0;
}

/* ---- files ---- */
static int open_file(struct workload_run *run, int flags)
{
	int err = file_space_open(run, 1, SCENE_PAGES, SCENE_PAGES, 0);

	return scene_settle(run, err ? err : file_space_map(run->data, 0, flags, 0));
}

int scene_file(struct workload_run *run)
{
	return open_file(run, MAP_SHARED);
}

int scene_file_read(struct workload_run *run)
{
	int err = open_file(run, MAP_SHARED);

	return scene_settle(run, err ? err : space_fault(run->data, ((struct space *)run->data)->mm, start(run), 0));
}

int scene_file_cached(struct workload_run *run)
{
	int err = scene_file_read(run);

	return scene_settle(run, err ? err : advise_first(run, MADV_DONTNEED));
}

int scene_family_file_closed(struct workload_run *run)
{
	int err = scene_file_read(run);
	struct space *space = run->data;

	scene_state.in_turn = true;
	err = err ? err : scene_fork_child(run);
	if (err)
		return scene_settle(run, err);
	file_put(space->file);
	space->file = NULL;
	return 0;
}

int scene_file_dirty(struct workload_run *run)
{
	int err = open_file(run, MAP_SHARED);

	return scene_settle(run, err ? err : populate(run));
}

int scene_file_private(struct workload_run *run)
{
	return open_file(run, MAP_PRIVATE);
}

/* By an entry, though a leaf could. */
static int map_small(struct space *space, struct mm_struct *mm, unsigned long addr)
{
	int err = sys_madvise(mm, addr, PMD_SIZE, MADV_NOHUGEPAGE);

	if (!err)
		err = space_fault(space, mm, addr, 0);
	return err ? err : sys_madvise(mm, addr, PMD_SIZE, MADV_HUGEPAGE);
}

static int open_file_huge(struct workload_run *run, int flags)
{
	int err = THP_POSSIBLE ? file_space_open(run, 1, TABLE_PAGES, TABLE_PAGES, HPAGE_PMD_ORDER) : -EOPNOTSUPP;

	return err ? err : scene_settle(run, file_space_map(run->data, 0, flags, 0));
}

int scene_file_leaf(struct workload_run *run)
{
	int err = open_file_huge(run, MAP_SHARED);

	return scene_settle(run, err ? err : scene_write_first(run));
}

static int file_huge(struct workload_run *run, int flags)
{
	int err = open_file_huge(run, flags);

	return scene_settle(run, err ? err : map_small(run->data, ((struct space *)run->data)->mm, start(run)));
}

int scene_file_huge(struct workload_run *run)
{
	return file_huge(run, MAP_SHARED);
}

static int family_file_huge(struct workload_run *run, int flags)
{
	int err = file_huge(run, flags);

	scene_state.in_turn = true;
	if (!err)
		err = scene_fork_child(run);
	return scene_settle(run, err ? err : map_small(run->data, scene_state.child, start(run)));
}

int scene_file_read_only(struct workload_run *run)
{
	int err = scene_file_private(run);

	return scene_settle(run, err ? err : sys_mprotect(((struct space *)run->data)->mm, start(run),
						    SCENE_PAGES << PAGE_SHIFT, PROT_READ));
}

int scene_family_file_huge(struct workload_run *run)
{
	return family_file_huge(run, MAP_SHARED);
}

int scene_family_file_huge_private(struct workload_run *run)
{
	return family_file_huge(run, MAP_PRIVATE);
}

/* ---- huge pages ---- */
static int open_huge(struct workload_run *run)
{
	return space_open(run, 1, TABLE_PAGES);
}

int scene_huge(struct workload_run *run)
{
	int err = thp_space_open(run, open_huge);

	return scene_settle(run, err ? err : scene_write_first(run));
}

int scene_collapsible(struct workload_run *run)
{
	int err = THP_POSSIBLE ? open_huge(run) : -EOPNOTSUPP;

	return scene_settle(run, err ? err : scene_write_first(run));
}

int scene_collapsible_vma_lock(struct workload_run *run)
{
	run->policy.madvise_lock = MADVISE_VMA_LOCK_GUARDS;
	return scene_collapsible(run);
}
