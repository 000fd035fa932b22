/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_types.h - an address space and its areas.
 *
 * mm      one simulated process's address space: a VMA tree, a page-table tree, their locks
 * VMA     [vm_start, vm_end): a range of addresses with one set of permissions
 *
 * Source: include/linux/mm_types.h.
 */
#ifndef FAULTLINE_CORE_MM_MM_TYPES_H
#define FAULTLINE_CORE_MM_MM_TYPES_H

#include <sys/queue.h>

#include "core/base/seqcount.h"
#include "core/host/rcu.h"
#include "core/lock/rwsem.h"
#include "core/mm/interval_tree.h"
#include "core/mm/vma_tree.h"
#include "core/pgtable/mm_pgtable.h"
#include "core/probe/object.h"

struct anon_vma;
struct anon_vma_chain;
struct file;
struct mm_slot;
struct mm_struct;
struct resv_map;
struct userfaultfd_ctx;

TAILQ_HEAD(anon_vma_chain_list, anon_vma_chain);

/* vm_flags */
#define VM_READ		0x01UL
#define VM_WRITE	0x02UL
#define VM_EXEC		0x04UL
#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)
#define VM_SHARED	0x08UL		/* of a file: writes go to the file's pages, visible to all mappings */
#define VM_GROWSDOWN	0x100UL		/* a fault below extends it: see op/expand_stack.h */
#define VM_UFFD_MISSING	0x200UL		/* missing pages are a userfaultfd's: see op/userfaultfd.h */
#define VM_PFNMAP	0x400UL		/* raw page frames, without struct pages */
#define VM_UFFD_WP	0x1000UL	/* its user write-protects pages there */
#define VM_LOCKED	0x2000UL	/* stays in memory: see mlock.h. With VM_IO: its entries are being counted */
#define VM_IO		0x4000UL	/* device memory */
#define VM_LOCKONFAULT	0x8000UL	/* with VM_LOCKED: pages are not faulted in ahead. 0x80000 in Linux */
#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)
#define VM_RAND_READ	0x10000UL	/* MADV_RANDOM: accesses do not count as recent */
#define VM_DONTCOPY	0x20000UL	/* MADV_DONTFORK: a child does not get it */
#define VM_DONTEXPAND	0x40000UL	/* not extended by mremap() */
#define VM_RESERVED	0x80000UL	/* not managed by the allocator */
#define VM_ACCOUNT	0x100000UL	/* its pages are accounted: see account.h */
#define VM_NORESERVE	0x200000UL	/* mapped with MAP_NORESERVE: they never are */
#define VM_HUGETLB	0x400000UL	/* huge pages from the pool, see hugetlb.h */
#define VM_SEQ_READ	0x800000UL	/* MADV_SEQUENTIAL: likewise. 0x8000 in Linux */
#define VM_WIPEONFORK	0x2000000UL	/* MADV_WIPEONFORK: a child gets it without its pages */
#define VM_DONTDUMP	0x4000000UL	/* MADV_DONTDUMP: of no effect but to keep VMAs apart */
#define VM_MIXEDMAP	0x10000000UL	/* raw page frames, and counted pages of a driver */
#define VM_HUGEPAGE	0x20000000UL	/* huge pages enabled by MADV_HUGEPAGE */
#define VM_NOHUGEPAGE	0x40000000UL	/* huge pages disabled by MADV_NOHUGEPAGE */
#define VM_MERGEABLE	0x80000000UL	/* KSM may merge its pages: see op/ksm.h */
#define VM_HUGETLB_PUD	0x100000000UL	/* with VM_HUGETLB: of 1 GiB. In Linux its file has the size */
#define VM_UFFD_MINOR	0x20000000000UL	/* pages of its file that are not mapped are a userfaultfd's */
#define VM_SEALED	0x40000000000UL	/* it stays as it is: see op/mseal.h */
#define __VM_UFFD_FLAGS	(VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)
#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)	/* never merged */

/*
 * Conservation: a VMA is in its mm's tree exactly while it is attached (vm_refcnt, if there is one, is above 0).
 * Memory is type-stable: a lockless reader may read a VMA that has been freed, or reused by another mm.
 *
 * The first line holds the fields that a fault reads, the second those that its VMA lock writes.
 *
 * Lock key: (M,V) read: mmap_lock or the VMA lock; written: both, for write (M) mmap_lock, for write to change (A)
 * atomic (C) const while attached
 */
struct vm_area_struct {
	unsigned long vm_start;		/* (M,V) first byte */
	unsigned long vm_end;		/* (M,V) one past the last byte */
	struct mm_struct *vm_mm;	/* (A) const while attached; lockless readers check it under the VMA lock */
	unsigned long vm_flags;		/* (M,V) VM_* */
	/*
	 * (M,V) number of its first page, from which page offsets are computed (linear_page_index()). In a file, that
	 * of the file's page. Else that of its address when it was first mapped; mremap() keeps it if the VMA has
	 * pages then.
	 */
	unsigned long vm_pgoff;
	/*
	 * (A) the anon_vma of its anonymous pages, NULL before the first. Set once, under page_table_lock and
	 * mmap_lock for read, or while write-locked; readable under mmap_lock or the VMA lock.
	 */
	struct anon_vma *anon_vma;
	struct file *vm_file;		/* (C) its file, from page vm_pgoff on, referenced; NULL: anonymous */
	/*
	 * The mm's mm_lock_seq of the last write lock: equal means write-locked now. (A) written under mmap_lock for
	 * write and the VMA lock; readable reliably under either, unreliably by a reader about to try the VMA lock: a
	 * stale value makes it fall back, or its re-check detects it.
	 */
	uint32_t vm_lock_seq;
	uint32_t vm_page_prot;		/* (M,V) entry bits of vm_flags, without write */
	union {
		uint32_t vm_refcnt __cacheline_aligned;	/* (A) vma_lock_counts(); see vma_lock.h */
		struct rwsem vm_lock;	/* (A) VMA_LOCK_RWSEM */
	};
	uint32_t vm_name;		/* (M,V) 0, or a name: neighbours with different names are not merged */
	bool vm_detached;		/* (A) written while write-locked; read by VMA_LOCK_RWSEM readers */
	struct anon_vma_chain_list anon_vma_chain;	/* (M) and page_table_lock: its pages' anon_vmas */
	struct interval_node i_mmap_node;	/* in its file's i_mmap; has its own lock key */
	/*
	 * (A) it has or had guard regions: fork copies its entries, as no fault restores a guard. Set under mmap_lock
	 * for read, never cleared; splits and merges keep it. Read under mmap_lock for write. Source:
	 * include/linux/mm.h, VM_MAYBE_GUARD.
	 */
	bool vm_maybe_guard;
	/*
	 * (M,V) Linux's VM_SOFTDIRTY inverted, and no flag as merges ignore it: its pages' soft-dirty bits count, see
	 * soft_dirty.h.
	 */
	bool vm_soft_clean;
	bool vm_huge_lost;		/* (A) the owner of the reservations took back a huge page: faults fail */
	struct resv_map *vm_resv;	/* (M,V) its reservations, holding a reference; NULL: none. See hugetlb.h */
	struct userfaultfd_ctx *vm_uffd;	/* (M,V) with one of __VM_UFFD_FLAGS: the userfaultfd; else NULL */
	struct vm_area_struct *vm_next_detached;	/* (C) after detaching: list of the munmap that detached it */
	struct rcu_cb vm_rcu;		/* (C) after detaching: VMA_LOCK_RWSEM frees after a grace period */
	struct probe_word vm_shadow;	/* of its lock's readers; has its own lock key */
	struct object_probe vm_probe;	/* has its own lock key */
#if FAULTLINE_CHECK
	uint32_t vm_shadow_seq;		/* (A) the mm's vma_shadow_seq when it was last write-locked */
#endif
};

/*
 * Line 0 (in pt) is read-mostly; mm_lock_seq and the tree's root, read by every fault and written by every mmap, share
 * the next line; mmap_lock has its own.
 *
 * Lock key: (C) const after creation (M) mmap_lock, for write to change (A) atomic (K) ksm_thread_mutex (H)
 * khugepaged_mm_lock
 */
struct mm_struct {
	struct mm_pgtable pt;		/* has its own lock key */
	struct vma_tree tree;		/* (M) to change; readers also under RCU */
	/*
	 * (A) odd while mmap_lock is held for write, and written under it: its change releases all VMA write locks at
	 * once. Readers of the VMA lock load it with acquire.
	 */
	uint32_t mm_lock_seq;
	uint32_t flags;			/* (A) MMF_*; never cleared */
	uint32_t vma_writer_wait;	/* (A) 1 while a VMA's writer sleeps, VMA_LOCK_REFCNT_MM; see vma_lock.c */
	unsigned int map_count;		/* (M) VMAs */
	unsigned long total_vm;		/* (M) pages in all VMAs */
	unsigned long locked_vm;	/* (M) of those, pages in VMAs with VM_LOCKED */
	bool has_sealed;		/* (M) a VMA may have VM_SEALED */
	bool has_stack;			/* (M) a VMA may have VM_GROWSDOWN */
	bool has_uffd;			/* (M) a VMA may be a userfaultfd's */
	unsigned long def_flags;	/* (M) of new mappings: VM_LOCKED_MASK, by mlockall(). Not inherited */
	mm_id_t mm_id;			/* (C) unique; see mm_id.h */
	uint32_t mm_users;		/* (A) users of the address space: its process, and mmget(); see mm.h */
	uint32_t mm_count;		/* (A) references to this struct: all users hold one; and mmgrab() */
	uint32_t has_pinned;		/* (A) a page of it was pinned: fork checks for pins. Never cleared */
	unsigned long numa_scan_offset;	/* (A) where the next numa_scan() begins */
	unsigned long ksm_address;	/* (K) where the next scan of KSM begins */
	struct mm_slot *khugepaged_slot;	/* (H) NULL: khugepaged does not scan it. In Linux a hash finds it */
	struct mmu_notifier_subscriptions *notifier_subscriptions;	/* (A) NULL before the first; see notifier.h */
	seqcount_t write_protect_seq;	/* odd while fork makes entries read-only; written under mmap_lock for write */
	struct rwsem mmap_lock __cacheline_aligned;	/* (A) */
#if FAULTLINE_CHECK
	uint32_t vma_shadow_seq;	/* (A) changes when VMA write locks end: the locks do not read it */
#endif
	struct object_probe probe;	/* has its own lock key */
};

/* mm_struct.flags. Source: include/linux/mm_types.h. */
#define MMF_KILLED	1u	/* its process was killed: SIGNAL_GROUP_EXIT in Linux */
#define MMF_OOM_SKIP	2u	/* its memory is freed: nothing is left to reap */
#define MMF_UNSTABLE	4u	/* it is being reaped: pages of private memory may be lost */
#define MMF_VM_HUGEPAGE	8u	/* khugepaged scans it, or failed to add it */

DECLARE_OBJECT_KIND(mm);
DECLARE_OBJECT_KIND(vma);

#define MMAP_MIN_ADDR	65536UL		/* lowest address that mmap() chooses */

#define STACK_GUARD_GAP	(256 * PAGE_SIZE)	/* bytes below a VMA that grows. Source: mm/vma.c, stack_guard_gap */

/* The start of @vma with its guard gap. Source: include/linux/mm.h. */
static inline unsigned long vm_start_gap(const struct vm_area_struct *vma)
{
	if (likely(!(vma->vm_flags & VM_GROWSDOWN)))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ? vma->vm_start - STACK_GUARD_GAP : 0;
}

/* True if it maps only anonymous pages. Source: include/linux/mm.h. */
static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_file;
}

/*
 * True if a write makes a copy: a private mapping, for which mprotect() can allow writes at any time. Source:
 * include/linux/mm.h.
 */
static inline bool is_cow_mapping(unsigned long vm_flags)
{
	return !(vm_flags & VM_SHARED);
}

/* Source: include/linux/mm.h. Locking: mmap_lock. */
static inline bool vma_is_sealed(const struct vm_area_struct *vma)
{
	return unlikely(vma->vm_flags & VM_SEALED);
}

/*
 * True if it allows some access: an entry of it without access is a NUMA hint. Locking: mmap_lock, or the VMA lock.
 * Source: include/linux/mm.h.
 */
static inline bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

/* False if accesses to it do not keep its pages in memory. Source: include/linux/mm_inline.h. */
static inline bool vma_has_recency(const struct vm_area_struct *vma)
{
	return !(load_relaxed(&vma->vm_flags) & (VM_SEQ_READ | VM_RAND_READ));
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

#endif
