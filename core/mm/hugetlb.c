/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb.c - huge pages reserved for mappings, and the locks of their faults. */
#include "core/mm/hugetlb.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/mm/i_mmap.h"
#include "core/mm/rmap.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(HUGETLB_TAKE, "huge pages taken from the pool");
DEFINE_EVENT(HUGETLB_EMPTY, "huge page allocations that the pool failed");

#define FAULT_MUTEXES		64u

static struct rwsem fault_mutexes[FAULT_MUTEXES];

/* ---- sizes ---- */

const struct hstate hstates[HUGE_MAX_HSTATE] = {
	{ .order = HPAGE_PMD_ORDER, .mask = PMD_MASK }, { .order = HPAGE_PUD_ORDER, .mask = ~(PUD_SIZE - 1) },
};

const struct hstate *size_to_hstate(unsigned long size)
{
	const struct hstate *h;

	for_each_hstate(h)
		if (huge_page_size(h) == size)
			return h;
	return NULL;
}

const struct hstate *hstate_sizelog(unsigned int size_log)
{
	if (!size_log)
		return &default_hstate;
	return size_to_hstate(1ul << size_log);
}

/* ---- reservations ---- */

static size_t map_size(unsigned long nr)
{
	return sizeof(struct resv_map) + (nr + 63) / 64 * sizeof(uint64_t);
}

struct resv_map *resv_map_alloc(const struct hstate *h, unsigned long first, unsigned long nr)
{
	unsigned int node = local_node();
	struct resv_map *map;

	if (nr && !hugetlb_pool_reserve(h->order, nr))
		return NULL;
	map = node_zalloc(node, map_size(nr), CACHE_LINE);
	if (!map) {
		hugetlb_pool_unreserve(h->order, nr);
		return NULL;
	}
	init_rwsem(&map->lock, RANK_HUGETLB_VMA_LOCK);
	map->node = node;
	map->h = h;
	map->first = first;
	map->nr = nr;
	store_relaxed(&map->refs, 1u);
	return map;
}

int hugetlb_dup_vma_lock(const struct vm_area_struct *src, struct resv_map **resv)
{
	*resv = NULL;
	if (!src->vm_resv || is_vma_resv_owner(src))
		return 0;
	*resv = resv_map_alloc(src->vm_resv->h, 0, 0);
	return *resv ? 0 : -ENOMEM;
}

void resv_map_cancel(struct resv_map *map)
{
	hugetlb_pool_unreserve(map->h->order, map->nr);
	resv_map_put(map);
}

void resv_map_get(struct resv_map *map)
{
	fetch_add_relaxed(&map->refs, 1u);
}

void resv_map_put(struct resv_map *map)
{
	/* ORDER: refcount */
	if (fetch_sub_acq_rel(&map->refs, 1u) == 1)
		node_free(map, map->node, map_size(map->nr));
}

/* The index of the huge page at @addr in @vma's map. */
static unsigned long map_index(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long index = (linear_page_index(vma, addr) >> vma->vm_resv->h->order) - vma->vm_resv->first;

	ASSERT(index < vma->vm_resv->nr);
	return index;
}

/* True if the huge page at @addr is reserved and not taken yet. */
static bool is_reserved(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long index;

	if (!is_vma_resv_owner(vma))
		return false;
	index = map_index(vma, addr);
	return !(load_relaxed(&vma->vm_resv->taken[index / 64]) >> (index % 64) & 1);
}

static void set_taken(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long index = map_index(vma, addr);

	fetch_or_relaxed(&vma->vm_resv->taken[index / 64], 1ul << (index % 64));
}

static void clear_taken(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long index = map_index(vma, addr);

	fetch_and_relaxed(&vma->vm_resv->taken[index / 64], ~(1ul << (index % 64)));
}

unsigned long hugetlb_vma_reserved(const struct vm_area_struct *vma)
{
	unsigned long reserved = 0;

	if (!is_vma_resv_owner(vma))
		return 0;
	for (unsigned long addr = vma->vm_start; addr < vma->vm_end; addr += huge_page_size(vma->vm_resv->h))
		reserved += is_reserved(vma, addr);
	return reserved;
}

void hugetlb_vma_close(struct vm_area_struct *vma)
{
	if (is_vma_resv_owner(vma))
		hugetlb_pool_unreserve(vma->vm_resv->h->order, hugetlb_vma_reserved(vma));
}

void hugetlb_vma_forget(struct vm_area_struct *vma)
{
	struct resv_map *map = vma->vm_resv;

	if (!map)
		return;
	if (vma->vm_file)
		i_mmap_lock_write(&vma->vm_file->mapping);
	vma->vm_resv = NULL;
	if (vma->vm_file)
		i_mmap_unlock_write(&vma->vm_file->mapping);
	resv_map_put(map);
}

/* ---- locks ---- */

DEFINE_KNOCKOUT(HUGETLB_READ_LOCK,
	.name = "hugetlb:read-lock",
	.removes = "the hugetlb VMA lock of faults and page walks",
	.breaks = "a walk in a PMD table that was unshared, and freed",
	.detected_by = "knockout.hugetlb_share",
	.hunt = "explore hugetlb_walk_vs_truncate",
	.mirrors = "hugetlb: use new vma_lock for pmd sharing synchronization");

void hugetlb_vma_lock_read(struct vm_area_struct *vma)
{
	if (vma->vm_resv && !KNOCKED_OUT(HUGETLB_READ_LOCK))
		down_read(&vma->vm_resv->lock);
}

void hugetlb_vma_unlock_read(struct vm_area_struct *vma)
{
	if (vma->vm_resv && !KNOCKED_OUT(HUGETLB_READ_LOCK))
		up_read(&vma->vm_resv->lock);
}

DEFINE_KNOCKOUT(HUGETLB_ZAP_LOCK,
	.name = "hugetlb:zap-lock",
	.removes = "the hugetlb VMA lock while huge pages are zapped",
	.breaks = "a fault finds the pool empty while zapped huge pages return to it",
	.detected_by = "faults that must not fail: knockout.hugetlb",
	.hunt = "explore hugetlb_fault_vs_drop",
	.mirrors = "hugetlbfs: close race between MADV_DONTNEED and page fault");

void hugetlb_vma_lock_write(struct vm_area_struct *vma)
{
	if (vma->vm_resv && !KNOCKED_OUT(HUGETLB_ZAP_LOCK))
		down_write(&vma->vm_resv->lock);
}

void hugetlb_vma_unlock_write(struct vm_area_struct *vma)
{
	if (vma->vm_resv && !KNOCKED_OUT(HUGETLB_ZAP_LOCK))
		up_write(&vma->vm_resv->lock);
}

bool hugetlb_vma_trylock_write(struct vm_area_struct *vma)
{
	return !vma->vm_resv || KNOCKED_OUT(HUGETLB_ZAP_LOCK) || down_write_trylock(&vma->vm_resv->lock);
}

void hugetlb_vma_assert_write_locked(const struct vm_area_struct *vma)
{
	if (vma->vm_resv && !KNOCKED_OUT(HUGETLB_ZAP_LOCK))
		assert_rwsem_held_write(&vma->vm_resv->lock);
}

DEFINE_KNOCKOUT(HUGETLB_FAULT_MUTEX,
	.name = "hugetlb:fault-mutex",
	.removes = "the mutex of a fault in hugetlb memory",
	.breaks = "a second fault for one place finds the pool empty",
	.detected_by = "faults that must not fail: knockout.hugetlb",
	.hunt = "test knockout.hugetlb");

/* The mutex of huge page @place of the mm or file number @id. */
static struct rwsem *lock_place(unsigned long place, uint32_t id)
{
	struct rwsem *mutex = &fault_mutexes[(place + id * 31ul) % FAULT_MUTEXES];

	if (!KNOCKED_OUT(HUGETLB_FAULT_MUTEX))
		down_write(mutex);
	return mutex;
}

struct rwsem *hugetlb_fault_mutex_lock(const struct address_space *mapping, unsigned long index)
{
	return lock_place(index >> mapping->order, mapping_file(mapping)->id);
}

struct rwsem *hugetlb_vma_fault_mutex_lock(const struct vm_area_struct *vma, unsigned long addr)
{
	if (vma->vm_file)
		return hugetlb_fault_mutex_lock(&vma->vm_file->mapping, linear_page_index(vma, addr));
	return lock_place(addr >> PAGE_SHIFT >> hstate_vma(vma)->order, vma->vm_mm->mm_id);
}

void hugetlb_fault_mutex_unlock(struct rwsem *mutex)
{
	if (!KNOCKED_OUT(HUGETLB_FAULT_MUTEX))
		up_write(mutex);
}

void hugetlb_init(void)
{
	for (unsigned int i = 0; i < FAULT_MUTEXES; i++)
		init_rwsem(&fault_mutexes[i], RANK_HUGETLB_FAULT_MUTEX);
}

/* ---- huge pages ---- */

struct folio *hugetlb_take_counted(unsigned int order, bool reserved)
{
	struct folio *folio = hugetlb_pool_take(order, reserved);

	if (folio)
		count_event(EV_HUGETLB_TAKE);
	else
		count_event(EV_HUGETLB_EMPTY);
	return folio;
}

struct folio *alloc_hugetlb_folio(struct vm_area_struct *vma, unsigned long addr)
{
	bool reserved = is_reserved(vma, addr);
	struct folio *folio = hugetlb_take_counted(hstate_vma(vma)->order, reserved);

	if (folio && reserved)
		set_taken(vma, addr);
	return folio;
}

void hugetlb_put_folio(struct vm_area_struct *vma, unsigned long addr, struct folio *folio)
{
	bool again = is_vma_resv_owner(vma) && page_type(&folio->page) == PAGE_ANON;

	if (!page_ref_sub_and_test(&folio->page, 1))
		return;
	SYNCPOINT("hugetlb.zapped");
	if (again)
		clear_taken(vma, addr);
	hugetlb_pool_give(folio, again);
}
