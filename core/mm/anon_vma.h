/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma.h - objects from which the VMAs of anonymous pages can be found.
 *
 * anon_vma  all VMAs that may map a set of pages: the VMA of their first faults, and its copies by fork and split
 * chain     links one VMA to one anon_vma: a VMA has one for its own anon_vma, and one for each that it inherited
 * root      the first anon_vma of a family: its rwsem guards the trees and counts of all of them
 *
 * A folio's mapping names its anon_vma, but is no reference to it: a mapped folio keeps it alive, since each VMA that
 * maps the folio is linked. So a lockless reader that comes from the folio checks twice:
 *
 *   unmap                                           reader
 *   (A1) the folio's last mapping is removed        (B1) rcu_read_lock(); read folio->mapping; not mapped: back off
 *   (A2) the VMA is unlinked, with the root's       (B2) try to lock the root's rwsem for read; or else take a
 *        rwsem held for write                            reference, unless the count is 0: back off
 *   (A3) the last reference is dropped              (B3) unmapped, or another mapping: unlock, back off
 *   (A4) the memory becomes another anon_vma        (B4) rcu_read_unlock(); with a reference only: lock, repeat B3,
 *        (ANON_VMA_TYPESAFE), or is freed after a        drop the reference
 *        grace period (ANON_VMA_CALL_RCU)
 *
 * B1 proves no more than that A4 was not over when this reader began: all of A may happen right after. But until B4
 * the memory that B2 writes to is an anon_vma: this one, dead or alive, or another.
 *
 *   A2 is over before B2   B3 sees A1: each word on which B2 succeeds was written after A2, by a release that B2's
 *                          acquire reads, itself or at the head of a chain of exchanges. The rwsem is unlocked at the
 *                          end of A2; the count is dropped at A3; root and count of another are stored at A4.
 *   A2 comes after B2      it waits for the rwsem that B2 took.
 *
 * So a reader that passes B3 with the lock has an anon_vma that lives until the unlock, and A3 need not check for
 * readers. A reference alone keeps the anon_vma alive, but B3 may be stale then: hence it is repeated under the lock.
 *
 * Source: include/linux/rmap.h, mm/rmap.c.
 */
#ifndef FAULTLINE_CORE_MM_ANON_VMA_H
#define FAULTLINE_CORE_MM_ANON_VMA_H

#include "core/base/event.h"
#include "core/mm/anon_vma_tree.h"
#include "core/phys/folio.h"

DECLARE_EVENT(ANON_VMA_SHARE);
DECLARE_EVENT(ANON_VMA_REUSE);
DECLARE_EVENT(ANON_VMA_WAIT);
DECLARE_EVENT(ANON_VMA_DEAD);
DECLARE_EVENT(ANON_VMA_UNMAPPED);
DECLARE_EVENT(ANON_VMA_MOVED);

/*
 * Conservation: refcount = 1 until its last chain is unlinked + 1 for each other anon_vma whose root it is + transient
 * references; num_children = anon_vmas whose parent it is, itself included if it is a root; num_active_vmas = VMAs
 * whose anon_vma field names it.
 *
 * Lock key: (A) atomic (C) const from allocation to the last reference (R) the root's rwsem (L) mm_all_locks_mutex
 */
struct anon_vma {
	struct anon_vma *root;		/* (A) const while it lives; readers without a reference may see another's */
	struct rwsem rwsem;		/* of a root: its family's */
	uint32_t refcount;		/* (A) 0: dead */
	unsigned int num_children;	/* (R) */
	unsigned int num_active_vmas;	/* (R) */
	bool all_locked;		/* (L) of a root: mm_take_all_locks() holds rwsem. A bit of the tree in Linux */
	struct anon_vma *parent;	/* (C) itself for a root */
	struct interval_tree tree;	/* (R) */
	enum anon_vma_free_kind kind;	/* (C) how its memory is allocated and freed */
	unsigned int home;		/* (C) NUMA node it was allocated on */
	struct rcu_cb rcu;		/* (C) until the last reference is dropped */
#if FAULTLINE_CHECK
	uint64_t life;			/* (A) unique; 0 while the memory is no anon_vma */
#endif
	struct object_probe probe;	/* has its own lock key */
};

DECLARE_OBJECT_KIND(anon_vma);

/*
 * The callbacks of an rmap walk, see rmap_walk.h; here for its try_lock, which makes folio_lock_anon_vma_read() return
 * NULL and set contended instead of waiting. No lock key: the walker's own.
 */
struct rmap_walk_control {
	void *arg;
	bool try_lock;
	bool contended;
	/* False ends the walk. */
	bool (*rmap_one)(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg);
	/* True ends the walk; NULL: never. */
	bool (*done)(struct folio *folio);
	/* Replaces folio_lock_anon_vma_read(), if not NULL. */
	struct anon_vma *(*anon_lock)(struct folio *folio, struct rmap_walk_control *rwc);
	/* True: skip this VMA; NULL: none. */
	bool (*invalid_vma)(struct vm_area_struct *vma, void *arg);
};

/* ---- VMAs ---- */

/*
 * NULL before the first page. Locking: mmap_lock or the VMA lock.
 *
 * ORDER[anon-publish:B] before its chains, and the anon_vma, are read. Pairs with ORDER[anon-publish:A].
 */
static inline struct anon_vma *vma_anon_vma(const struct vm_area_struct *vma)
{
	return load_acquire(&vma->anon_vma);
}

/*
 * Locking: only its creator has @vma, or it is write-locked, or page_table_lock.
 *
 * ORDER[anon-publish:A] after its chains are on its list, and the anon_vma is complete. Pairs with
 * ORDER[anon-publish:B]. Weaker: a neighbour's first fault, which holds mmap_lock for read as well, counts chains
 * before they are linked.
 */
static inline void vma_set_anon_vma(struct vm_area_struct *vma, struct anon_vma *anon_vma)
{
	store_release(&vma->anon_vma, anon_vma);
}

/* True if it inherited no chains. Locking: mmap_lock; it has an anon_vma. */
static inline bool vma_has_one_chain(const struct vm_area_struct *vma)
{
	return !TAILQ_NEXT(TAILQ_FIRST(&vma->anon_vma_chain), same_vma);
}

/*
 * anon_vma_prepare - makes sure that @vma has an anon_vma: its neighbour's if they could be merged but for their
 * permissions, else a new one. Returns 0 or -ENOMEM. Locking: mmap_lock, for read is enough; the VMA lock is not,
 * since it reads neighbours. Source: mm/rmap.c, __anon_vma_prepare().
 */
int anon_vma_prepare(struct vm_area_struct *vma) __must_check;
/*
 * anon_vma_clone - gives @dst, which has none, @src's anon_vma and a chain for each of @src's. Returns 0, or -ENOMEM
 * with nothing changed. Locking: mmap_lock for write; @dst has its range, and is not in use yet. Source: mm/rmap.c.
 */
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src) __must_check;
/*
 * anon_vma_fork - gives @vma, a child's copy of @pvma, a chain for each of @pvma's and an anon_vma for its own new
 * pages: one of those, if no VMA uses it any more and it has at most one child, so that a chain of forks does not grow
 * for ever; else a new one. N generations that all live have N (N + 1) / 2 chains for a VMA, as in Linux. Returns 0,
 * or -ENOMEM with nothing changed. No effect if @pvma has none. Locking: mmap_lock of both for write; @vma has its
 * range, and is not in use yet. Source: mm/rmap.c.
 */
int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma) __must_check;
/*
 * unlink_anon_vmas - removes @vma from all rmap walks, and clears its anon_vma. On return no walk is inside its page
 * tables. Locking: mmap_lock for write, or @vma is detached; nothing is mapped in it. Source: mm/rmap.c.
 */
void unlink_anon_vmas(struct vm_area_struct *vma);

/*
 * Around a change of @vma's vm_start, vm_end or vm_pgoff: excludes rmap walks, which find the VMA by its new range
 * afterwards. No effect without an anon_vma. Locking: mmap_lock for write, @vma write-locked. Source: mm/vma.c,
 * anon_vma_interval_tree_pre_update_vma(), vma_prepare().
 */
void anon_vma_tree_pre_update(struct vm_area_struct *vma);
void anon_vma_tree_post_update(struct vm_area_struct *vma);
/*
 * The same around a split: as anon_vma_clone(@new, @vma), and between the two calls @vma loses the range of @new. A
 * walk finds each page in one of them at any time. anon_vma_pre_split() returns 0, or -ENOMEM with nothing changed.
 */
int anon_vma_pre_split(struct vm_area_struct *new, struct vm_area_struct *vma) __must_check;
void anon_vma_post_split(struct vm_area_struct *new, struct vm_area_struct *vma);
/*
 * The same around a merge: @heir takes over @vma's chains, or has the same; then its range may grow over @vma's, and
 * anon_vma_tree_post_update(@heir) ends it. @vma has no chains afterwards. Needs no memory. Locking: both
 * write-locked.
 */
void anon_vma_pre_merge(struct vm_area_struct *heir, struct vm_area_struct *vma);

/* ---- locks and references ---- */

static inline struct rwsem *anon_vma_rwsem(struct anon_vma *anon_vma)
{
	return &load_relaxed(&anon_vma->root)->rwsem;
}

/* Locking: a reference, or a linked VMA that stays linked. One lock for the whole family. */
#define anon_vma_lock_write(anon_vma)		down_write(anon_vma_rwsem(anon_vma))
#define anon_vma_lock_read(anon_vma)		down_read(anon_vma_rwsem(anon_vma))
#define anon_vma_trylock_read(anon_vma)		down_read_trylock(anon_vma_rwsem(anon_vma))
#define anon_vma_assert_locked(anon_vma)	assert_rwsem_held(anon_vma_rwsem(anon_vma))

/*
 * The unlock of a rwsem with waiters accesses it a little longer (rwsem.h), and a waiter may be about to free the
 * root: RCU keeps it until then.
 */
static inline void anon_vma_unlock_write(struct anon_vma *anon_vma)
{
	rcu_read_lock();
	up_write(anon_vma_rwsem(anon_vma));
	rcu_read_unlock();
}

/* Releases the read lock of folio_lock_anon_vma_read() or anon_vma_lock_read(). */
void anon_vma_unlock_read(struct anon_vma *anon_vma);

/* Takes a reference. The caller has one, or holds the lock of a linked anon_vma. */
static inline void get_anon_vma(struct anon_vma *anon_vma)
{
	uint32_t old = fetch_add_relaxed(&anon_vma->refcount, 1u);

	BUG_ON(!old);
}

/* The last reference was dropped. */
void __put_anon_vma(struct anon_vma *anon_vma);

/* Returns true if it was the last one. */
static inline bool anon_vma_drop(struct anon_vma *anon_vma)
{
	/*
	 * ORDER[anon-dead:A] after the folios that moved away from it have moved; pairs with ORDER[anon-dead:B].
	 * ORDER: refcount
	 */
	uint32_t old = fetch_sub_acq_rel(&anon_vma->refcount, 1u);

	BUG_ON(!old);
	return old == 1;
}

/*
 * Drops a reference; the last one frees it. Locking: not under its rwsem, which may be freed with it. Source:
 * include/linux/rmap.h, put_anon_vma().
 */
static inline void put_anon_vma(struct anon_vma *anon_vma)
{
	if (anon_vma_drop(anon_vma))
		__put_anon_vma(anon_vma);
}

/*
 * folio_get_anon_vma - a reference to the anon_vma through which @folio is mapped; NULL if it is not mapped, or not
 * anonymous. It may have no VMAs left when it is used. Locking: a reference to @folio. Source: mm/rmap.c.
 */
struct anon_vma *folio_get_anon_vma(struct folio *folio) __must_check;
/*
 * folio_lock_anon_vma_read - the same, locked for read, and alive until it is unlocked. @rwc: NULL, or a walk whose
 * try_lock forbids waiting: then NULL, and contended set. Locking: a reference to @folio; may wait. Source: mm/rmap.c.
 */
struct anon_vma *folio_lock_anon_vma_read(struct folio *folio, struct rmap_walk_control *rwc) __must_check;

/* ---- all of them ---- */

/* Locking: the calling thread is the only one in core. anon_vma_init() returns 0 or -ENOMEM. */
int anon_vma_init(void);
/* Frees all memory. Returns the number of leaked anon_vmas and chains. */
unsigned long anon_vma_exit(void);
/* The number of anon_vmas and chains; exact at rest. */
unsigned long nr_anon_vmas(void);
unsigned long nr_anon_vma_chains(void);

#endif
