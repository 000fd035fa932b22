/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jumble.c - everything that is done to memory, by all workers at once, in a few pages of a few page tables: so that
 * whatever can meet does. Addresses come and go at any time, so no operation has to succeed.
 *
 * While a run is checked each page touched names its last writer and address: of the mm itself, or of the mm that it
 * was forked from.
 */
#include "workloads/lib/space.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define TABLES		3ul
#define PAGES		8ul	/* of each table, from its start */
#define FRAMES		16u	/* that a worker remembers */
#define CHILD_OPS	12u	/* of a worker in a child, until that ends */
#define BATCH		64	/* operations that count as one op; in a schedule each does */
#define OWNER_BITS	32	/* of a page's word: who wrote it; its index is above */
#define PARENT		1u	/* an owner: the mm that all share */

/* What a worker does, and where. No lock key: its own */
struct jumble {
	struct worker *worker;
	struct mm_struct *mm;
	uint32_t owner;				/* of what is written to mm */
	unsigned int nr_children;		/* so far */
	unsigned long pfn[FRAMES];		/* found in page tables earlier; they may have been reused since */
	unsigned int next;			/* of pfn */
};

struct part {
	unsigned long start, len;
};

static unsigned long below(struct jumble *jumble, unsigned long n)
{
	return rng_below(&jumble->worker->rng, n);
}

static unsigned long base(const struct jumble *jumble)
{
	return space_region(space_of(jumble->worker), 0);
}

/* Some pages of one table, or whole tables. */
static struct part any_part(struct jumble *jumble)
{
	unsigned long table = below(jumble, TABLES), page = below(jumble, PAGES);
	unsigned long start = base(jumble) + table * PMD_SIZE;

	if (below(jumble, 4) == 0)
		return (struct part){ start, (1 + below(jumble, TABLES - table)) * PMD_SIZE };
	return (struct part){ start + page * PAGE_SIZE, (1 + below(jumble, PAGES - page)) * PAGE_SIZE };
}

/* ---- pages ---- */
static int fault_write(struct jumble *jumble, struct part part)
{
	user_access(jumble->mm, part.start, FAULT_FLAG_WRITE);
	return 0;
}

static int fault_read(struct jumble *jumble, struct part part)
{
	user_access(jumble->mm, part.start, 0);
	return 0;
}

/* Holders of a pin read it without the lock. Locking: its PTL. */
static int touch_page(struct jumble *jumble, const struct mapped_entry *entry, uint64_t index)
{
	uint64_t *word = page_payload(pte_page(entry->pte)), found = load_relaxed(word);

	if (found && (found >> OWNER_BITS != index || ((uint32_t)found != jumble->owner && (uint32_t)found != PARENT)))
		return space_fail(space_of(jumble->worker), -EUCLEAN,
				  "page %lu of owner %u holds what was written to page %lu by owner %u",
				  (unsigned long)index, jumble->owner, (unsigned long)(found >> OWNER_BITS),
				  (uint32_t)found);
	if (pte_write(entry->pte))
		store_relaxed(word, index << OWNER_BITS | jumble->owner);
	return 0;
}

/* Locking: mmap_lock, or the lock of the VMA. */
static int touch_locked(struct jumble *jumble, unsigned long addr, const struct vm_area_struct *vma)
{
	struct mapped_entry entry;
	int err = 0;

	if (!mapped_entry_lock(&entry, &jumble->mm->pt, addr))
		return 0;
	if (pte_present(entry.pte) && !pte_special(entry.pte)) {
		BUG_ON(pte_write(entry.pte) && !PageAnonExclusive(entry.owner));
		if (machine.payload)
			err = touch_page(jumble, &entry, linear_page_index(vma, addr) & (~0ull >> OWNER_BITS));
		jumble->pfn[jumble->next++ % FRAMES] = pte_pfn(entry.pte);
	}
	mapped_entry_unlock(&entry);
	return err;
}

static int touch(struct jumble *jumble, struct part part)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(jumble->mm, part.start);
	int err = 0;

	if (vma) {
		err = touch_locked(jumble, part.start, vma);
		vma_end_read(jumble->mm, vma);
		return err;
	}
	mmap_read_lock(jumble->mm);
	vma = vma_lookup(jumble->mm, part.start);
	if (vma)
		err = touch_locked(jumble, part.start, vma);
	mmap_read_unlock(jumble->mm);
	return err;
}

static int pin(struct jumble *jumble, struct part part)
{
	struct page *page;

	if (pin_user_pages_fast(jumble->mm, part.start, 1, below(jumble, 2) ? FOLL_WRITE : 0, &page) == 1)
		unpin_user_pages(&page, 1);
	return 0;
}

/* From a page to all that map it. */
static bool look(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);

	(void)arg;
	BUG_ON(addr < vma->vm_start || addr >= vma->vm_end);
	while (page_vma_mapped_walk(&pvmw))
		BUG_ON(folio_mapcount(folio) < 1);
	return true;
}

static int walk_up(struct jumble *jumble, struct part part)
{
	struct folio *folio = folio_get_anon_by_pfn(jumble->pfn[below(jumble, FRAMES)]);
	struct rmap_walk_control rwc = { .rmap_one = look };

	(void)part;
	if (!folio)
		return 0;
	folio_lock(folio);
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

/* ---- ranges ---- */
static int random_prot(struct jumble *jumble)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE };

	return prots[below(jumble, ARRAY_SIZE(prots))];
}

static int map(struct jumble *jumble, struct part part)
{
	sys_mmap(jumble->mm, part.start, part.len, random_prot(jumble), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	return 0;
}

static int unmap(struct jumble *jumble, struct part part)
{
	sys_munmap(jumble->mm, part.start, part.len);
	return 0;
}

static int protect(struct jumble *jumble, struct part part)
{
	sys_mprotect(jumble->mm, part.start, part.len, random_prot(jumble));
	return 0;
}

static int move(struct jumble *jumble, struct part part)
{
	sys_mremap(jumble->mm, part.start, part.len, part.len, MREMAP_MAYMOVE | MREMAP_FIXED, any_part(jumble).start);
	return 0;
}

static int drop(struct jumble *jumble, struct part part)
{
	sys_madvise(jumble->mm, part.start, part.len, below(jumble, 2) ? MADV_DONTNEED : MADV_DONTNEED_LOCKED);
	return 0;
}

static int lock(struct jumble *jumble, struct part part)
{
	sys_mlock2(jumble->mm, part.start, min(part.len, PAGES * PAGE_SIZE), below(jumble, 2) ? MLOCK_ONFAULT : 0);
	return 0;
}

static int unlock(struct jumble *jumble, struct part part)
{
	sys_munlock(jumble->mm, part.start, part.len);
	return 0;
}

static int advise(struct jumble *jumble, struct part part)
{
	static const int advice[] = { MADV_POPULATE_WRITE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE };

	sys_madvise(jumble->mm, part.start, min(part.len, PAGES * PAGE_SIZE),
		    advice[below(jumble, ARRAY_SIZE(advice))]);
	return 0;
}

static int collapse(struct jumble *jumble, struct part part)
{
	sys_madvise(jumble->mm, ALIGN_DOWN(part.start, PMD_SIZE), PMD_SIZE, MADV_COLLAPSE);
	return 0;
}

static int look_at(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	BUG_ON(pte_bad(ptep_get(ptep)));
	return 0;
}

static int walk(struct jumble *jumble, struct part part)
{
	static const struct mm_walk_ops ops = { .pte_entry = look_at, .walk_lock = PGWALK_RDLOCK };

	(void)part;
	return space_walk(jumble->mm, base(jumble), base(jumble) + TABLES * PMD_SIZE, &ops, NULL);
}

/* ---- one after the other ---- */
static int fork_and_work(struct jumble *jumble, struct part part);

#define DEED(fn, weight)	{ #fn, fn, weight }

static const struct {
	const char *name;
	int (*fn)(struct jumble *jumble, struct part part);
	unsigned int weight;
} deeds[] = {
	DEED(fault_write, 30), DEED(fault_read, 20), DEED(touch, 20), DEED(drop, 15), DEED(map, 10), DEED(walk_up, 8),
		DEED(pin, 6),
	DEED(unmap, 5), DEED(protect, 5), DEED(advise, 5), DEED(walk, 4), DEED(lock, 2), DEED(unlock, 3),
		DEED(move, 2), DEED(collapse, 1),
		DEED(fork_and_work, 2),
};

static int do_any(struct jumble *jumble)
{
	unsigned long sum = 0, dice;
	unsigned int i = 0;

	for (unsigned int k = 0; k < ARRAY_SIZE(deeds); k++)
		sum += deeds[k].weight;
	for (dice = below(jumble, sum); dice >= deeds[i].weight; i++)
		dice -= deeds[i].weight;
	SCHEDULE_STEP(deeds[i].name);
	return deeds[i].fn(jumble, any_part(jumble));
}

/* Children have none themselves. */
static int fork_and_work(struct jumble *jumble, struct part part)
{
	struct jumble child = *jumble;
	int err;

	(void)part;
	if (jumble->owner != PARENT || sys_fork(jumble->mm, &child.mm))
		return 0;
	child.owner = (jumble->worker->index + 2) << 20 | (jumble->nr_children++ & 0xfffff);
	err = 0;
	for (unsigned int i = 0; !err && i < CHILD_OPS; i++)
		err = do_any(&child);
	mm_exit(child.mm);
	return err;
}

static int64_t jumble_op(struct worker *worker)
{
	struct jumble *jumble = worker->data;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < (SCHEDULED() ? 1 : BATCH); i++) {
		err = do_any(jumble);
		rcu_quiescent();
	}
	return err ? err : (int64_t)i;
}

static int open_worker(struct worker *worker)
{
	struct jumble *jumble = calloc(1, sizeof(*jumble));

	if (!jumble)
		return -ENOMEM;
	*jumble = (struct jumble){ .worker = worker, .mm = space_mm(worker), .owner = PARENT };
	worker->data = jumble;
	return 0;
}

static void close_worker(struct worker *worker)
{
	free(worker->data);
	worker->data = NULL;
}

static int setup(struct workload_run *run)
{
	return space_open_room(run, 1, TABLES * TABLE_PAGES);
}

WORKLOAD(jumble,
	.what = "faults, pins, walks, mmap, munmap, mprotect, madvise, mlock, mremap, fork, in a few pages, all "
		"workers in one mm",
	.item = "operation",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "worker", jumble_op, NULL } },
	.setup = setup,
	.worker_setup = open_worker,
	.worker_teardown = close_worker,
	.check = space_check,
	.teardown = space_close)
