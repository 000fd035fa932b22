/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - what the operations on an address space must do, page by page.
 *
 * The model knows a few windows of the address space; nothing is ever mapped outside them. A page has what its VMA has,
 * and what its entry has. Neighbours that are alike, their anon_vma included, are one VMA, if nothing says otherwise.
 * Which tables exist is a list.
 */
#ifndef FAULTLINE_TESTS_LIB_MODEL_MODEL_H
#define FAULTLINE_TESTS_LIB_MODEL_MODEL_H

#include "core/mm/mm_types.h"
#include "core/op/fault.h"

#define MODEL_WINDOWS	3
#define MODEL_TABLES	64
/* mmap() would choose an address outside all windows: don't ask it to. */
#define MODEL_OUTSIDE	1L

enum page_state { NOTHING, ZEROES, MEMORY, GUARD };

struct model_page {
	bool mapped;
	uint32_t flags;			/* VM_* */
	uint8_t name;			/* what keeps VMAs apart */
	uint8_t state;			/* enum page_state */
	bool write, dirty;		/* of the entry */
	bool old;			/* the entry was copied by a fork, and not used since */
	uint8_t content;		/* first and last byte of the payload */
	bool shared;			/* MEMORY: a fork shared it, and it was not written to since */
	bool guarded;			/* its VMA has or had guards, or one that it was merged with */
	bool inherited;			/* its VMA has anon_vmas from before a fork */
	bool begins;			/* a VMA, though the page before is like it and of the same anon_vma */
	uint16_t anon;			/* number of its VMA's anon_vma; 0: none */
	unsigned long index;		/* that its VMA gives it: of its address, until it is moved with pages */
};

struct model_window {
	unsigned long base, pages;
	struct model_page *page;
};

struct model {
	struct mm_policy policy;
	struct model_window window[MODEL_WINDOWS];
	uint16_t last_anon;		/* numbers of anon_vmas given away */
	unsigned int nr_tables;
	struct {
		enum pgtable_level level;
		unsigned long first;
	} table[MODEL_TABLES];
};

/* Windows at the bottom, around a boundary of all levels, and at the top. */
void model_init(struct model *model, const struct mm_policy *policy);
/* @to is not initialised, or was freed. */
void model_copy(struct model *to, const struct model *from);
void model_free(struct model *model);
/* The page of @addr; NULL outside the windows. */
struct model_page *model_page(const struct model *model, unsigned long addr);

/* Each returns what the call of its name must, and changes the model as that must change the mm. */
long model_mmap(struct model *model, unsigned long addr, unsigned long len, int prot, int flags, uint32_t name);
/* What model_mmap() would return, nothing changed. */
long model_mmap_address(const struct model *model, unsigned long addr, unsigned long len, int prot, int flags);
int model_munmap(struct model *model, unsigned long start, unsigned long len);
long model_mremap(struct model *model, unsigned long addr, unsigned long old_len, unsigned long new_len, int flags,
		  unsigned long new_addr);
/* What model_mremap() would return, nothing changed. */
long model_mremap_address(const struct model *model, unsigned long addr, unsigned long old_len, unsigned long new_len,
			  int flags, unsigned long new_addr);
int model_mprotect(struct model *model, unsigned long start, unsigned long len, int prot);
int model_madvise(struct model *model, unsigned long start, unsigned long len, int advice);
int model_mincore(struct model *model, unsigned long start, unsigned long len, unsigned char *vec);
/* A write that succeeds stores @content. */
vm_fault_t model_touch(struct model *model, unsigned long addr, bool write, uint8_t content);

/* @child, not initialised, becomes what a fork of @parent must be. */
void model_fork(struct model *child, struct model *parent);

/* Pages in @state. */
unsigned long model_count(const struct model *model, enum page_state state);

/*
 * True when @mm is what the model says: VMAs, entries, contents, tables, every counter; else says on stderr what
 * differs.
 * Locking: no other thread uses @mm.
 */
bool model_check(const struct model *model, struct mm_struct *mm);
/* The same, but there may be more tables: an operation that failed for want of memory leaves those it got. */
bool model_check_but_tables(const struct model *model, struct mm_struct *mm);

#endif
