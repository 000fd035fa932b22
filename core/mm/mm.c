/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.c - creates and frees address spaces, and their shared state. */
#include "core/mm/mm.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/host/typesafe.h"
#include "core/mm/account.h"
#include "core/mm/all_locks.h"
#include "core/mm/anon_vma.h"
#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/ksm.h"
#include "core/mm/mlock.h"
#include "core/mm/mm_id.h"
#include "core/mm/notifier.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma_lock.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

void mmap_read_lock_seen(struct mm_struct *mm)
{
	mmap_read_lock(mm);
}

void mmap_read_unlock_seen(struct mm_struct *mm)
{
	mmap_read_unlock(mm);
}

DEFINE_OBJECT_KIND(mm, "mm_structs");

struct typesafe_cache *vma_cache_refcnt, *vma_cache_refcnt_mm, *vma_cache_plain;

static void vma_construct(void *object)
{
	struct vm_area_struct *vma = object;

	store_relaxed(&vma->vm_refcnt, 0);
	store_relaxed(&vma->vm_mm, NULL);
}

static struct typesafe_cache *vma_cache_create(const char *name)
{
	return typesafe_cache_create(name, sizeof(struct vm_area_struct), CACHE_LINE, vma_construct);
}

int faultline_start(const struct machine_config *config)
{
	int err = machine_init(config);

	if (err)
		return err;
	vma_cache_refcnt = vma_cache_create("vma_refcnt");
	vma_cache_refcnt_mm = vma_cache_create("vma_refcnt_mm");
	vma_cache_plain = vma_cache_create("vma_plain");
	err = anon_vma_init();
	bad_ptes_reset();
	vm_committed_reset();
	mlock_init();
	hugetlb_init();
	mm_all_locks_init();
	ksm_start();
	zero_page = alloc_pages_node(0, 0, PAGE_ZERO | ALLOC_ZERO);
	if (!err && vma_cache_refcnt && vma_cache_refcnt_mm && vma_cache_plain && zero_page)
		return 0;
	faultline_stop();
	return -ENOMEM;
}

/* Returns the VMAs that were not freed. */
static unsigned long destroy_vmas(struct typesafe_cache **cache)
{
	unsigned long leaked = *cache ? typesafe_cache_destroy(*cache) : 0;

	*cache = NULL;
	return leaked;
}

struct leaks faultline_stop(void)
{
	struct leaks leaks = { 0 };

	rcu_barrier();
	leaks.vmas = destroy_vmas(&vma_cache_refcnt) + destroy_vmas(&vma_cache_refcnt_mm) +
		     destroy_vmas(&vma_cache_plain);
	ksm_stop();
	leaks.anon_vmas = anon_vma_exit();
	leaks.slots = swap_off();
	if (zero_page)
		free_page(zero_page);
	huge_zero_exit();
	hugetlb_pool_exit();
	zero_page = NULL;
	leaks.committed = vm_memory_committed();
	leaks.frames = machine_exit();
	leaks.bytes = arena_live_bytes();
	return leaks;
}

struct mm_struct *mm_create(const struct mm_policy *policy)
{
	struct mm_struct *mm = node_zalloc(local_node(), sizeof(*mm), CACHE_LINE);

	if (!mm)
		return NULL;
	mm->mm_id = mm_id_alloc();
	if (!mm->mm_id)
		goto no_id;
	if (mm_pgtable_init(&mm->pt, policy))
		goto no_tables;
	init_rwsem(&mm->mmap_lock, RANK_MMAP_LOCK);
	store_relaxed(&mm->mm_users, 1u);
	/* ORDER: init */
	store_release(&mm->mm_count, 1u);
	object_linked(&kind_mm, &mm->probe, mm);
	return mm;
no_tables:
	mm_id_free(mm->mm_id);
no_id:
	node_free(mm, local_node(), sizeof(*mm));
	return NULL;
}

void mm_free(struct mm_struct *mm)
{
	BUG_ON(mm->map_count || mm->total_vm || mm->locked_vm);
	for (unsigned int i = 0; i < NR_MM_COUNTERS; i++)
		BUG_ON(mm_counter_sum(&mm->pt, i));
	mmu_notifier_destroy(mm);
	vma_tree_destroy(&mm->tree);
	mm_pgtable_destroy(&mm->pt);
	mm_id_free(mm->mm_id);
	object_unlinked(&kind_mm, &mm->probe, mm);
	object_freed(&kind_mm, &mm->probe, mm, 0);
	node_free(mm, mm->pt.home, sizeof(*mm));
}

void mmdrop(struct mm_struct *mm)
{
	/* ORDER: refcount */
	uint32_t old = fetch_sub_acq_rel(&mm->mm_count, 1u);

	BUG_ON(!old);
	if (old == 1)
		mm_free(mm);
}

DEFINE_KNOCKOUT(MM_GET_NOT_ZERO,
	.name = "mm:get-not-zero",
	.removes = "the check that an mm has users before it gets another one",
	.breaks = "a fault in an address space that is being freed, which is then freed twice",
	.detected_by = "the checks in exit_mmap() that it ends once, without users",
	.hunt = "stress exit_vs_reaper --noise 100");

/* Relaxed: what the caller's reference has made visible stays so, and on failure nothing is read. */
bool mmget_not_zero(struct mm_struct *mm)
{
	RETRY_LOOP(100000, "another user of an mm");
	uint32_t old = load_relaxed(&mm->mm_users);

	while (old || KNOCKED_OUT(MM_GET_NOT_ZERO)) {
		if (try_cmpxchg_relaxed(&mm->mm_users, &old, old + 1))
			return true;
		RETRY();
	}
	return false;
}
