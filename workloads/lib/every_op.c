/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * every_op.c - every operation on every kind of mapping, by all workers at once, in a window of a few pages of a few
 * page tables: so that each pair of operations meets on each kind of memory. Nothing has to succeed; what must hold is
 * checked by the assertions, at rest by the oracle, and at any time by a device's mirror of the mm that all share, and
 * of each child.
 *
 * jumble does less, and checks what anonymous pages hold.
 */
#include "workloads/lib/every_op.h"

#include <errno.h>
#include <stdlib.h>

#define FILE_PAGES	(EVERY_WINDOW >> PAGE_SHIFT)
#define HUGE_PAGES	3ul	/* of the pool: fewer than all mappings could want */
#define SLOTS		64ul	/* to swap to */
#define CHILD_OPS	16u	/* of a worker in a child, until that ends */
#define KIND_EVERY	16u	/* operations, of which one looks at the kind of memory */
#define BATCH		64	/* operations that count as one op; in a schedule each does */

static struct every_scene scene;	/* has its own lock key */

/* ---- one after the other ---- */
static void fork_and_work(struct every *every, struct every_part part);

static const struct every_deed fork_deeds[] = { { "fork_and_work", fork_and_work, 6, 0 }, { 0 } };
static const struct every_deed *const sets[] = { every_range_deeds, every_page_deeds, fork_deeds };

static unsigned long weight_of_all(void)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++)
		for (const struct every_deed *deed = sets[i]; deed->name; deed++)
			sum += deed->weight;
	return sum;
}

/* The number of the deed among all, in @number. */
static const struct every_deed *any_deed(struct every *every, unsigned int *number)
{
	unsigned long dice = every_below(every, weight_of_all());

	*number = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++)
		for (const struct every_deed *deed = sets[i]; deed->name; deed++, ++*number) {
			if (dice < deed->weight)
				return deed;
			dice -= deed->weight;
		}
	return NULL;
}

/* ---- what met ---- */
enum kind { KIND_NONE, KIND_ANONYMOUS, KIND_FILE_PRIVATE, KIND_FILE_SHARED, KIND_HUGETLB, KIND_RAW };

static struct meets_names names = {
	.kinds = { "nothing", "anonymous", "private files", "shared files", "hugetlb", "raw frames" },
};

static void name_ops(void)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++)
		for (const struct every_deed *deed = sets[i]; deed->name; deed++)
			names.ops[nr++] = deed->name;
	BUG_ON(nr > MEETS_OPS);
}

static enum kind kind_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);
	enum kind kind = KIND_NONE;

	if (!vma)
		return kind;
	if (vma->vm_flags & VM_HUGETLB)
		kind = KIND_HUGETLB;
	else if (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))
		kind = KIND_RAW;
	else if (!vma->vm_file)
		kind = KIND_ANONYMOUS;
	else
		kind = vma->vm_flags & VM_SHARED ? KIND_FILE_SHARED : KIND_FILE_PRIVATE;
	vma_end_read(mm, vma);
	return kind;
}

/* The look-up orders threads that use the VMA, so it is rare. */
static void begin_deed(struct every *every, unsigned int number, struct every_part part)
{
	unsigned long first = (part.start - scene.mirror.start) >> PAGE_SHIFT;

	meets_begin(scene.meets, every->worker->index, number, first, part.len >> PAGE_SHIFT);
	if (!every_below(every, KIND_EVERY))
		meets_saw(scene.meets, every->worker->index, number, kind_at(every->mm, part.start));
}

static void do_any(struct every *every)
{
	unsigned int number;
	const struct every_deed *deed = any_deed(every, &number);
	struct every_part part = every_part(every);
	bool counts = !SCHEDULED() && every->worker->run->checking && every->mm == space_mm(every->worker);

	SCHEDULE_STEP(deed->name);
	every->argument = deed->argument;
	if (counts)
		begin_deed(every, number, part);
	deed->fn(every, part);
	if (counts)
		meets_end(scene.meets, every->worker->index);
	rcu_quiescent();
}

static void compare_all(struct every *every)
{
	char why[256];

	if (oracle_mirror(every->mirror, every->mirror->start, every->mirror->end, why, sizeof(why)) < 0)
		space_fail(space_of(every->worker), -EUCLEAN, "%s", why);
}

/* Every other child has a mirror; none has children. Pins stay the worker's. */
static void fork_and_work(struct every *every, struct every_part part)
{
	struct mm_struct *mm = every->mm, *child;
	struct hmm_mirror mirror, *own = every->mirror;
	bool mirrored;

	(void)part;
	if (mm != space_mm(every->worker) || sys_fork(mm, &child))
		return;
	mirrored = every_below(every, 2) && !hmm_mirror_create(&mirror, child, scene.mirror.start, scene.mirror.end);
	every->mm = child;
	every->mirror = mirrored ? &mirror : NULL;
	for (unsigned int i = 0; i < CHILD_OPS; i++)
		do_any(every);
	if (mirrored) {
		compare_all(every);
		hmm_mirror_destroy(&mirror);
	}
	every->mm = mm;
	every->mirror = own;
	mm_exit(child);
}

static int64_t every_op(struct worker *worker)
{
	int i;

	for (i = 0; i < (SCHEDULED() ? 1 : BATCH); i++)
		do_any(worker->data);
	return space_of(worker)->error ? space_of(worker)->error : i;
}

/* ---- a run ---- */
static int open_worker(struct worker *worker)
{
	struct every *every = calloc(1, sizeof(*every));

	if (!every)
		return -ENOMEM;
	*every = (struct every){ .worker = worker, .scene = &scene, .mm = space_mm(worker), .mirror = &scene.mirror };
	worker->data = every;
	return 0;
}

static void close_worker(struct worker *worker)
{
	every_unpin_all(worker->data);
	free(worker->data);
	worker->data = NULL;
}

static int open_files(const struct workload_run *run)
{
	static const unsigned int orders[EVERY_FILES] = { 0, 4, HPAGE_PMD_ORDER };

	for (unsigned int i = 0; i < EVERY_FILES; i++) {
		scene.files[i] = file_create(FILE_PAGES, FILE_PAGES, THP_POSSIBLE ? orders[i] : 0, run->seed + i);
		if (!scene.files[i])
			return -ENOMEM;
	}
	scene.hugetlb = file_create_hugetlb(FILE_PAGES, FILE_PAGES, HPAGE_PMD_ORDER);
	return THP_POSSIBLE && !scene.hugetlb ? -ENOMEM : 0;
}

static int open_devices(void)
{
	static const struct vm_operations_struct *const ops[EVERY_DEVICES] = { &mem_device, &pfn_device,
									       &mixed_device };
	const unsigned long nr = 1ul << EVERY_RAW_ORDER;

	scene.driver = alloc_driver_pages(EVERY_RAW_ORDER);
	if (!scene.driver)
		return -ENOMEM;
	scene.frames[0] = (struct device_frames){ page_to_pfn(scene.raw), nr };
	scene.frames[1] = (struct device_frames){ machine.max_pfn + 2000, nr };
	scene.frames[2] = (struct device_frames){ page_to_pfn(scene.driver), nr };
	for (unsigned int i = 0; i < EVERY_DEVICES; i++) {
		scene.devices[i] = file_create_device(ops[i], &scene.frames[i]);
		if (!scene.devices[i])
			return -ENOMEM;
	}
	return 0;
}

/* What there is of it goes. Mappings of it are gone. */
static void close_scene(void)
{
	for (unsigned int i = 0; i < EVERY_FILES; i++)
		if (scene.files[i])
			file_put(scene.files[i]);
	if (scene.hugetlb)
		file_put(scene.hugetlb);
	for (unsigned int i = 0; i < EVERY_DEVICES; i++)
		if (scene.devices[i])
			file_put(scene.devices[i]);
	if (scene.driver)
		put_page(scene.driver);
	if (scene.raw)
		free_raw_frames(scene.raw, EVERY_RAW_ORDER);
	meets_free(scene.meets);
	BUG_ON(swap_off());
	if (THP_POSSIBLE)
		BUG_ON(hugetlb_pool_resize(HPAGE_PMD_ORDER, 0));
	scene = (struct every_scene){ 0 };
}

/* A pool may be smaller, or empty, where no memory is in one piece. */
static int open_scene(const struct workload_run *run)
{
	int err = swap_on(SLOTS);

	if (err)
		return err;
	if (THP_POSSIBLE)
		hugetlb_pool_resize(HPAGE_PMD_ORDER, HUGE_PAGES);
	name_ops();
	scene.meets = meets_create(run->threads, &names);
	scene.raw = alloc_raw_frames(EVERY_RAW_ORDER);
	err = scene.meets && scene.raw ? open_files(run) : -ENOMEM;
	if (!err)
		err = open_devices();
	if (err)
		close_scene();
	return err;
}

static int setup(struct workload_run *run)
{
	int err = space_open_room(run, 1, FILE_PAGES);
	struct space *space = run->data;
	unsigned long start;

	if (err)
		return err;
	start = space_region(space, 0);
	err = open_scene(run);
	if (!err && (err = hmm_mirror_create(&scene.mirror, space->mm, start, start + EVERY_WINDOW)))
		close_scene();
	if (err)
		space_close(run);
	return err;
}

static int check(struct workload_run *run)
{
	struct space *space = run->data;
	char why[256];

	if (oracle_mirror(&scene.mirror, scene.mirror.start, scene.mirror.end, why, sizeof(why)) < 0)
		return space_fail(space, -EUCLEAN, "%s", why);
	return space_check(run);
}

static void report(const struct workload_run *run, FILE *out)
{
	(void)run;
	meets_print(scene.meets, out);
}

static void teardown(struct workload_run *run)
{
	hmm_mirror_destroy(&scene.mirror);
	space_close(run);
	close_scene();
}

WORKLOAD(every_op,
	.what = "every operation on every kind of mapping, in a few pages, all workers in one mm, with mirrors of it "
		"and its children",
	.item = "operation",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 1,
	.roles = { { "worker", every_op, NULL } },
	.setup = setup,
	.worker_setup = open_worker,
	.worker_teardown = close_worker,
	.check = check,
	.report = report,
	.teardown = teardown)
