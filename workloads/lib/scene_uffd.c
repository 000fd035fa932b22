/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_uffd.c - scenes with a userfaultfd. */
#include "workloads/lib/scene_uffd.h"

#include <errno.h>
#include <string.h>

#include "workloads/lib/file_space.h"
#include "workloads/lib/scene_state.h"

#define MAX_PAYLOAD	4096

/* Const while workers run. */
static unsigned long registered;	/* the first page */
static unsigned long moved;		/* the page that is moved there */

static unsigned long start_of(const struct space *space)
{
	return space_region(space, 0);
}

/* ---- set-ups ---- */
static int open_uffd(struct workload_run *run, unsigned long start, unsigned long pages, unsigned long mode)
{
	struct space *space = run->data;

	scene_state.uffd = userfaultfd_create(space->mm);
	if (!scene_state.uffd)
		return -ENOMEM;
	registered = start;
	moved = start_of(space);
	return userfaultfd_register(scene_state.uffd, start, pages << PAGE_SHIFT, mode);
}

static int with_uffd(struct workload_run *run, int (*setup)(struct workload_run *run), unsigned long mode)
{
	int err = setup(run);

	if (!err)
		err = open_uffd(run, start_of(run->data), SCENE_PAGES, mode);
	return scene_settle(run, err);
}

int scene_uffd(struct workload_run *run)
{
	return with_uffd(run, scene_empty, UFFDIO_REGISTER_MODE_MISSING);
}

int scene_uffd_written(struct workload_run *run)
{
	return with_uffd(run, scene_written, UFFDIO_REGISTER_MODE_MISSING);
}

static int open_apart(struct workload_run *run)
{
	int err = space_open(run, 2, SCENE_PAGES);
	struct space *space = run->data;

	if (!err)
		err = space_fault(space, space->mm, start_of(space), FAULT_FLAG_WRITE);
	if (err)
		return err;
	scene_state.folio = scene_folio(space->mm, start_of(space));
	return open_uffd(run, space_region(space, 1), SCENE_PAGES, UFFDIO_REGISTER_MODE_MISSING);
}

int scene_uffd_apart(struct workload_run *run)
{
	return scene_settle(run, open_apart(run));
}

/* With a reference to it the folio does not leave the slot. */
static int open_cached(struct workload_run *run)
{
	int err = scene_swap(run);
	struct space *space = run->data;
	struct folio *folio;

	if (err)
		return err;
	folio = scene_folio(space->mm, start_of(space));
	if (!folio)
		return -ENOMEM;
	err = sys_madvise(space->mm, start_of(space), PAGE_SIZE, MADV_PAGEOUT);
	folio_put(folio);
	return err ? err : open_uffd(run, start_of(space) + 2 * PAGE_SIZE, 2, UFFDIO_REGISTER_MODE_MISSING);
}

int scene_uffd_cached(struct workload_run *run)
{
	return scene_settle(run, open_cached(run));
}

int scene_uffd_wp(struct workload_run *run)
{
	return with_uffd(run, scene_written, UFFDIO_REGISTER_MODE_WP);
}

int scene_uffd_wp_tlb(struct workload_run *run)
{
	return with_uffd(run, scene_tlb, UFFDIO_REGISTER_MODE_WP);
}

int scene_uffd_wp_swap(struct workload_run *run)
{
	return with_uffd(run, scene_swap, UFFDIO_REGISTER_MODE_WP);
}

int scene_uffd_wp_swapped(struct workload_run *run)
{
	return with_uffd(run, scene_swapped, UFFDIO_REGISTER_MODE_WP);
}

static int protect(const struct space *space, unsigned long mode)
{
	return userfaultfd_writeprotect(scene_state.uffd, start_of(space), PAGE_SIZE, mode);
}

int scene_uffd_wp_protected(struct workload_run *run)
{
	int err = scene_uffd_wp(run);

	return err ? err : scene_settle(run, protect(run->data, UFFDIO_WRITEPROTECT_MODE_WP));
}

static int written_with_third(struct workload_run *run)
{
	int err = scene_written(run);

	return err ? err : open_uffd(run, start_of(run->data) + 2 * PAGE_SIZE, 1, UFFDIO_REGISTER_MODE_MISSING);
}

int scene_uffd_third(struct workload_run *run)
{
	return scene_settle(run, written_with_third(run));
}

/* In the first table page 3 is free; in the second one pages 0 and 2 are of two VMAs, with an anon_vma each. */
static int open_tables(struct workload_run *run)
{
	int err = space_open(run, 2, SCENE_PAGES);
	struct space *space = run->data;
	unsigned long second;

	if (err)
		return err;
	second = space_region(space, 1);
	err = sys_munmap(space->mm, second + PAGE_SIZE, PAGE_SIZE);
	err = err ? err : space_fault(space, space->mm, start_of(space), FAULT_FLAG_WRITE);
	err = err ? err : space_fault(space, space->mm, second, FAULT_FLAG_WRITE);
	err = err ? err : space_fault(space, space->mm, second + 2 * PAGE_SIZE, FAULT_FLAG_WRITE);
	err = err ? err : sys_munmap(space->mm, start_of(space) + 3 * PAGE_SIZE, PAGE_SIZE);
	err = err ? err : open_uffd(run, start_of(space) + PAGE_SIZE, 1, UFFDIO_REGISTER_MODE_MISSING);
	moved = second;
	return err;
}

int scene_uffd_tables(struct workload_run *run)
{
	return scene_settle(run, open_tables(run));
}

static int open_shmem(struct workload_run *run, int flags)
{
	int err = space_open_room(run, 1, SCENE_PAGES);
	struct space *space = run->data;

	if (err)
		return err;
	space->file = file_create_shmem(SCENE_PAGES, false);
	return space->file ? file_space_map(space, 0, flags, 0) : -ENOMEM;
}

int scene_uffd_shmem(struct workload_run *run)
{
	int err = open_shmem(run, MAP_SHARED);

	err = err ? err : open_uffd(run, start_of(run->data), SCENE_PAGES, UFFDIO_REGISTER_MODE_MISSING);
	return scene_settle(run, err);
}

static int open_minor(struct workload_run *run, int flags)
{
	int err = open_shmem(run, flags);
	struct space *space = run->data;

	err = err ? err : space_fault(space, space->mm, start_of(space), 0);
	err = err ? err : sys_madvise(space->mm, start_of(space), PAGE_SIZE, MADV_DONTNEED);
	return err ? err : open_uffd(run, start_of(space), SCENE_PAGES, UFFDIO_REGISTER_MODE_MINOR);
}

int scene_uffd_minor(struct workload_run *run)
{
	return scene_settle(run, open_minor(run, MAP_SHARED));
}

static int map_first(struct workload_run *run)
{
	int err = open_minor(run, MAP_PRIVATE);
	struct space *space = run->data;

	if (!err)
		err = sys_mprotect(space->mm, start_of(space), SCENE_PAGES << PAGE_SHIFT, PROT_READ);
	if (err)
		return err;
	return userfaultfd_continue(scene_state.uffd, start_of(space), PAGE_SIZE, 0) < 0 ? -ENOMEM : 0;
}

int scene_uffd_minor_private(struct workload_run *run)
{
	return scene_settle(run, map_first(run));
}

int scene_uffd_wp_check(struct workload_run *run)
{
	struct space *space = run->data;
	uint64_t map = 0;
	int err = sys_pagemap(space->mm, start_of(space), 1, &map);

	if (!err && map && !(map & PM_UFFD_WP))
		return space_fail(space, -EUCLEAN, "a page is not write-protected: %#lx", (unsigned long)map);
	return err ? err : scene_check(run);	/* it closes the userfaultfd */
}

/* ---- operations ---- */

/* What others may make fail: the page is there, or not registered any more. */
static int64_t filled(struct worker *worker, long bytes)
{
	return bytes == PAGE_SIZE || bytes == -EEXIST || bytes == -ENOENT ?
		       1 : space_fail(space_of(worker), (int)bytes, "a page is not filled in: %ld", bytes);
}

int64_t scene_uffd_copy(struct worker *worker)
{
	static const char contents[MAX_PAYLOAD];
	unsigned long start = start_of(space_of(worker)), addr;
	unsigned int flags;

	if (!userfaultfd_read(scene_state.uffd, &addr, &flags) && addr != start)
		return space_fail(space_of(worker), -EUCLEAN, "a fault at %#lx is read as one at %#lx", start, addr);
	return filled(worker, userfaultfd_copy(scene_state.uffd, start, contents, PAGE_SIZE, 0));
}

int64_t scene_uffd_drop_copy(struct worker *worker)
{
	int64_t pages = scene_drop(worker);

	return pages < 0 ? pages : scene_uffd_copy(worker);
}

int64_t scene_uffd_unregister(struct worker *worker)
{
	const struct space *space = space_of(worker);
	int err = userfaultfd_unregister(scene_state.uffd, start_of(space), SCENE_PAGES << PAGE_SHIFT);

	return err ? space_fail(space_of(worker), err, "unregister failed") : 1;
}

int64_t scene_uffd_release(struct worker *worker)
{
	(void)worker;
	userfaultfd_release(scene_state.uffd);
	scene_state.uffd = NULL;
	return 1;
}

/* What others may make fail: the page is pinned, shared or swapped out, has gone, or is there; or its VMA changed. */
int64_t scene_uffd_move(struct worker *worker)
{
	long done = userfaultfd_move(scene_state.uffd, registered, moved, PAGE_SIZE, 0);

	return done == PAGE_SIZE || done == -EBUSY || done == -ENOENT || done == -EEXIST || done == -EINVAL ?
		       1 : space_fail(space_of(worker), (int)done, "a page is not moved: %ld", done);
}

int64_t scene_uffd_move_unmap(struct worker *worker)
{
	struct space *space = space_of(worker);
	long done = userfaultfd_move(scene_state.uffd, registered, moved, PAGE_SIZE, 0);
	int err = done == PAGE_SIZE ? sys_munmap(space->mm, start_of(space), SCENE_PAGES << PAGE_SHIFT) : (int)done;

	return err ? space_fail(space, err, "a page is not moved: %ld", done) : 1;
}

int64_t scene_uffd_look_up(struct worker *worker)
{
	struct anon_vma *anon_vma = folio_get_anon_vma(scene_state.folio);

	if (!anon_vma)
		return space_fail(space_of(worker), -EUCLEAN, "a folio that is always mapped has no anon_vma");
	put_anon_vma(anon_vma);
	return 1;
}

int64_t scene_uffd_move_or_fill(struct worker *worker)
{
	static const char contents[MAX_PAYLOAD];
	int64_t done = scene_uffd_move(worker);

	return done < 0 ? done : filled(worker, userfaultfd_copy(scene_state.uffd, registered, contents, PAGE_SIZE, 0));
}

int64_t scene_uffd_wait(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = space_fault(space, space->mm, registered, FAULT_FLAG_WRITE);

	return err ? err : 1;
}

int64_t scene_uffd_reuse_slot(struct worker *worker)
{
	int64_t done = scene_read(worker);

	if (done < 0 || userfaultfd_move(scene_state.uffd, registered + PAGE_SIZE, moved, PAGE_SIZE, 0) != PAGE_SIZE)
		return done;
	done = scene_write(worker);
	return done < 0 ? done : scene_page_out(worker);
}

int64_t scene_uffd_mremap(struct worker *worker)
{
	struct space *space = space_of(worker);
	long ret = sys_mremap(space->mm, space_region(space, 1) + 2 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE,
			      MREMAP_MAYMOVE | MREMAP_FIXED, start_of(space) + 3 * PAGE_SIZE);

	return ret < 0 ? space_fail(space, (int)ret, "mremap failed: %ld", ret) : 1;
}

int64_t scene_uffd_renew(struct worker *worker)
{
	int64_t pages = scene_drop(worker);

	return pages < 0 ? pages : scene_write(worker);
}

int64_t scene_uffd_protect(struct worker *worker)
{
	int err = protect(space_of(worker), UFFDIO_WRITEPROTECT_MODE_WP);

	return err ? space_fail(space_of(worker), err, "write protection failed") : 1;
}

int64_t scene_uffd_resolve(struct worker *worker)
{
	int err = protect(space_of(worker), 0);

	return err ? space_fail(space_of(worker), err, "a page is still write-protected") : 1;
}

int64_t scene_uffd_protect_resolve(struct worker *worker)
{
	int64_t done = scene_uffd_protect(worker);

	return done < 0 ? done : scene_uffd_resolve(worker);
}

int64_t scene_uffd_write_twice(struct worker *worker)
{
	int64_t done = scene_write(worker);

	return done < 0 ? done : scene_write(worker);
}

/* What others may make fail: the page is there, or no longer in the file. */
int64_t scene_uffd_continue(struct worker *worker)
{
	unsigned long addr;
	unsigned int flags;
	long done;

	userfaultfd_read(scene_state.uffd, &addr, &flags);
	done = userfaultfd_continue(scene_state.uffd, start_of(space_of(worker)), PAGE_SIZE, 0);
	return done == -EFAULT ? 1 : filled(worker, done);
}

int64_t scene_uffd_drop_continue(struct worker *worker)
{
	int64_t pages = scene_drop(worker);

	return pages < 0 ? pages : scene_uffd_continue(worker);
}

/* It fails where it would have to wait. */
int64_t scene_uffd_force_write(struct worker *worker)
{
	struct space *space = space_of(worker);
	uint64_t mark = worker->index + 1;
	struct folio *folio;

	access_remote_vm(space->mm, start_of(space), &mark, sizeof(mark), FOLL_WRITE | FOLL_FORCE);
	folio = filemap_get_folio(&space->file->mapping, 0);
	if (folio && machine.payload && load_relaxed((uint64_t *)page_payload(&folio->page)))
		space_fail(space, -EUCLEAN, "a forced write to a private mapping changed the file");
	if (folio)
		folio_put(folio);
	return 1;
}
