/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_scene.h - a file, address spaces that map it, and what they read and write there, as a processor would. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_FILE_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_FILE_SCENE_H

#include "core/faultline.h"
#include "core/mm/mapped_entry.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define FILE_PAGES	64ul
#define FILE_SEED	7u
#define SHARED_AT	(3 * PGDIR_SIZE)
#define PRIVATE_AT	(SHARED_AT + 4 * PMD_SIZE)
#define RW		(PROT_READ | PROT_WRITE)

/* A policy whose read faults map one page each: for tests that count them, or stop in the middle of one. */
#define SINGLE_FAULTS	"linux-6.15,around=4k"

static inline struct file *scene_file(void)
{
	struct file *file = file_create(FILE_PAGES, 2 * FILE_PAGES, 0, FILE_SEED);

	BUG_ON(!file);
	return file;
}

static inline void map_file_at(struct mm_struct *mm, unsigned long addr, unsigned long pages, int prot, int flags,
			       struct file *file, unsigned long pgoff)
{
	BUG_ON(sys_mmap_file(mm, addr, pages << PAGE_SHIFT, prot, flags | MAP_FIXED, file, pgoff) != (long)addr);
}

/* An mm with all of @file at SHARED_AT and at PRIVATE_AT. */
static inline struct mm_struct *file_mm(const char *policy, struct file *file)
{
	struct mm_struct *mm = world_mm(policy);

	map_file_at(mm, SHARED_AT, FILE_PAGES, RW, MAP_SHARED, file, 0);
	map_file_at(mm, PRIVATE_AT, FILE_PAGES, RW, MAP_PRIVATE, file, 0);
	return mm;
}

/*
 * One access by a processor: the access is done under the PTL if the entry allows it; else a fault, and a retry.
 * Returns the fault's error; 0 and in *word what was read, or @word was written.
 */
static inline vm_fault_t access_word(struct mm_struct *mm, unsigned long addr, uint64_t *word, bool write)
{
	for (;;) {
		struct mapped_entry entry;
		bool done = false;
		vm_fault_t ret;

		mmap_read_lock(mm);
		if (mapped_entry_lock(&entry, &mm->pt, addr)) {
			done = pte_accessible(entry.pte) && (!write || pte_write(entry.pte));
			if (done) {
				uint64_t *payload = page_payload(pte_page(entry.pte));

				*(write ? payload : word) = *(write ? word : payload);
			}
			mapped_entry_unlock(&entry);
		}
		mmap_read_unlock(mm);
		if (done)
			return 0;
		ret = do_user_addr_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0);
		if (ret)
			return ret;
	}
}

static inline uint64_t load_word(struct mm_struct *mm, unsigned long addr)
{
	uint64_t word;

	BUG_ON(access_word(mm, addr, &word, false));
	return word;
}

static inline void store_word(struct mm_struct *mm, unsigned long addr, uint64_t word)
{
	BUG_ON(access_word(mm, addr, &word, true));
}

#endif
