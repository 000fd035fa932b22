/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_file_storm.c - threads that map, write, zap, fork, pin, migrate and truncate one file of huge pages. */
#include "tests/lib/storm/hugetlb_file_storm.h"

#include <errno.h>
#include <stdio.h>

#include "core/mm/filemap.h"
#include "core/mm/mapped_entry.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/pagewalk.h"
#include "core/mm/vma.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "core/op/migrate.h"
#include "core/op/mincore.h"
#include "core/op/mremap.h"
#include "core/op/protect.h"
#include "core/op/truncate.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

#define ASIDE	(AREA + 3 * PUD_SIZE)	/* where a mapping is moved to */

/* Lock key: (T) this thread only */
struct writer {
	struct hugetlb_file_storm *storm;	/* (T) */
	unsigned int index;			/* (T) */
	uint64_t next;				/* (T) the next word to write */
	uint64_t last[HUGETLB_FILE_PAGES];	/* (T) of each huge page; 0: nothing */
	uint32_t ended[HUGETLB_FILE_PAGES];	/* (T) truncations that had ended before it was written */
};

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static struct mm_struct *any_mm(const struct writer *writer)
{
	return writer->storm->mms[below(HUGETLB_FILE_MMS)];
}

/* The thread's own small page of huge page @page. */
static unsigned long own_word(const struct writer *writer, unsigned long page)
{
	return AREA + page * PMD_SIZE + (writer->index + 1) * PAGE_SIZE;
}

/* A processor's access under the PTL: true if the entry allows it. */
static bool access(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, uint64_t *word, bool write)
{
	struct mapped_entry entry;
	bool done = false;

	vma_pgtable_walk_begin(vma);
	if (mapped_entry_lock(&entry, &mm->pt, addr)) {
		done = pte_accessible(entry.pte) && (!write || pte_write(entry.pte));
		if (done) {
			uint64_t *payload = page_payload(pte_page(entry.pte));

			/* A private mapping's fault may be copying it. */
			if (write)
				store_relaxed(payload, *word);
			else
				*word = load_relaxed(payload);
		}
		mapped_entry_unlock(&entry);
	}
	vma_pgtable_walk_end(vma);
	return done;
}

/* True if the word was read or written; false where it is not mapped, or not writable. */
static bool access_word(struct mm_struct *mm, unsigned long addr, uint64_t *word, bool write)
{
	for (unsigned int i = 0; i < 1000; i++) {
		struct vm_area_struct *vma;
		bool done;

		mmap_read_lock(mm);
		vma = vma_lookup(mm, addr);
		done = vma && access(mm, vma, addr, word, write);
		mmap_read_unlock(mm);
		if (done)
			return true;
		if (do_user_addr_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0))
			return false;
	}
	return false;
}

static void write_word(struct writer *writer)
{
	unsigned long page = below(HUGETLB_FILE_PAGES);
	uint32_t ended = load_acquire(&writer->storm->ended);
	uint64_t word = writer->next++;

	if (!access_word(any_mm(writer), own_word(writer, page), &word, true))
		return;
	writer->last[page] = word;
	writer->ended[page] = ended;
}

static void judge(struct writer *writer, unsigned long page, uint64_t word)
{
	struct hugetlb_file_storm *storm = writer->storm;

	if (word == writer->last[page]) {
		fetch_add_relaxed(&storm->checked, 1ul);
	} else if (!word && load_acquire(&storm->began) != writer->ended[page]) {
		fetch_add_relaxed(&storm->lost, 1ul);
		writer->last[page] = 0;
	} else {
		fetch_add_relaxed(&storm->wrong, 1ul);
	}
}

static void check_word(struct writer *writer, struct mm_struct *mm)
{
	unsigned long page = below(HUGETLB_FILE_PAGES);
	uint64_t word;

	if (access_word(mm, own_word(writer, page), &word, false))
		judge(writer, page, word);
}

/* What a pin gets is the file's page, or was it until a truncation. */
static void pin_word(struct writer *writer)
{
	unsigned long page = below(HUGETLB_FILE_PAGES);
	struct page *pinned;

	if (pin_user_pages_fast(any_mm(writer), own_word(writer, page), 1, 0, &pinned) != 1)
		return;
	fetch_add_relaxed(&writer->storm->pinned, 1ul);
	judge(writer, page, load_relaxed((uint64_t *)page_payload(pinned)));
	unpin_user_page(pinned);
}

static int see_entry(pmd_t *pmdp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct hugetlb_file_storm *storm = walk->private;

	(void)hmask, (void)addr, (void)next;
	if (pmd_trans_huge(pmdp_get(pmdp)))
		fetch_add_relaxed(&storm->walked, 1ul);
	SYNCPOINT("storm.walked_huge");
	return 0;
}

static void walk(const struct writer *writer)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = see_entry, .walk_lock = PGWALK_RDLOCK };
	struct mm_struct *mm = any_mm(writer);

	mmap_read_lock(mm);
	BUG_ON(walk_page_range(mm, AREA, AREA + HUGETLB_FILE_PAGES * PMD_SIZE, &ops, writer->storm));
	mmap_read_unlock(mm);
}

static void map_it(const struct hugetlb_file_storm *storm, struct mm_struct *mm)
{
	BUG_ON(sys_mmap_file(mm, AREA, storm->mapped * PMD_SIZE, READ_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
			     storm->file, 0) != (long)AREA);
}

/* The mapping moves away and back, is unmapped, or zapped, or changes its permissions, or a part of it does. */
static void change(struct writer *writer)
{
	const unsigned long len = writer->storm->mapped * PMD_SIZE;
	unsigned long part = AREA + below(HUGETLB_FILE_PAGES) * PMD_SIZE;
	struct mm_struct *mm = any_mm(writer);

	switch (below(6)) {
	case 0:
		sys_munmap(mm, AREA, len);
		map_it(writer->storm, mm);
		break;
	case 1:
		sys_munmap(mm, part, PMD_SIZE);
		map_it(writer->storm, mm);
		break;
	case 2:
		if (sys_mremap(mm, AREA, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, ASIDE) == (long)ASIDE)
			sys_mremap(mm, ASIDE, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, AREA);
		break;
	case 3:
		sys_mprotect(mm, part, PMD_SIZE, PROT_READ);
		sys_mprotect(mm, part, PMD_SIZE, READ_WRITE);
		break;
	case 4:
		sys_mprotect(mm, AREA, len, PROT_READ);
		sys_mprotect(mm, AREA, len, READ_WRITE);
		break;
	default:
		sys_madvise(mm, part, PMD_SIZE, MADV_DONTNEED);
	}
}

static void truncate_it(struct hugetlb_file_storm *storm)
{
	if (!storm->truncates)
		return;
	fetch_add_acq_rel(&storm->began, 1u);
	BUG_ON(sys_ftruncate(storm->file, below(HUGETLB_FILE_PAGES) * HPAGE_PMD_NR));
	BUG_ON(sys_ftruncate(storm->file, storm->file->mapping.max_pages));
	fetch_add_acq_rel(&storm->ended, 1u);
}

static void migrate(const struct writer *writer)
{
	struct address_space *mapping = &writer->storm->file->mapping;
	struct folio *folio = filemap_get_folio(mapping, below(HUGETLB_FILE_PAGES) * HPAGE_PMD_NR);

	if (folio && !migrate_folio(folio, 0))
		fetch_add_relaxed(&writer->storm->moved, 1ul);
}

static void fork_and_exit(struct writer *writer)
{
	struct mm_struct *child;

	if (sys_fork(any_mm(writer), &child))
		return;
	for (unsigned int i = 0; i < 3; i++)
		check_word(writer, child);
	mm_exit(child);
}

/* A private mapping of its own, beside the others. */
static void map_privately(const struct writer *writer)
{
	unsigned long addr = ASIDE + (4 + writer->index) * PUD_SIZE;
	struct mm_struct *mm = any_mm(writer);

	if (sys_mmap_file(mm, addr, HUGETLB_FILE_PAGES * PMD_SIZE, READ_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
			  writer->storm->file, 0) < 0)
		return;
	for (unsigned int i = 0; i < 3; i++)
		do_user_addr_fault(mm, addr + below(HUGETLB_FILE_PAGES) * PMD_SIZE,
				   below(2) ? FAULT_FLAG_WRITE : 0);
	sys_munmap(mm, addr, HUGETLB_FILE_PAGES * PMD_SIZE);
}

static void work(void *arg, unsigned int index)
{
	struct writer writer = { .storm = arg, .index = index, .next = 1 };

	for (unsigned int i = 0; i < writer.storm->rounds; i++) {
		unsigned long choice = below(21);

		if (choice < 6)
			write_word(&writer);
		else if (choice < 11)
			check_word(&writer, any_mm(&writer));
		else if (choice < 13)
			pin_word(&writer);
		else if (choice < 16)
			change(&writer);
		else if (choice == 16)
			walk(&writer);
		else if (choice == 17)
			fork_and_exit(&writer);
		else if (choice == 18)
			map_privately(&writer);
		else if (choice == 19)
			migrate(&writer);
		else
			truncate_it(writer.storm);
		rcu_quiescent();
	}
	frame_drain_cpu();
}

static bool well(const struct hugetlb_file_storm *storm, const char *policy)
{
	bool right = rests((struct mm_struct *const *)storm->mms, HUGETLB_FILE_MMS);

	if (storm->wrong || (storm->lost && !storm->truncates))
		fprintf(stderr, "policy %s: %lu words are wrong, %lu lost\n", policy, storm->wrong, storm->lost);
	return right && !storm->wrong && (storm->truncates || !storm->lost);
}

bool hugetlb_file_storm(struct hugetlb_file_storm *storm, const char *policy, unsigned int noise)
{
	bool right;

	pool_of(HUGETLB_FILE_PAGES + 4);
	storm->file = file_create_hugetlb(0, storm->mapped * HPAGE_PMD_NR, HPAGE_PMD_ORDER);
	BUG_ON(!storm->file);
	for (unsigned int i = 0; i < HUGETLB_FILE_MMS; i++) {
		storm->mms[i] = world_mm(policy);
		map_it(storm, storm->mms[i]);
	}
	syncpoint_noise(noise);
	threads_run(HUGETLB_FILE_THREADS, work, storm);
	syncpoint_noise(0);
	right = well(storm, policy);
	for (unsigned int i = 0; i < HUGETLB_FILE_MMS; i++)
		mm_exit(storm->mms[i]);
	file_put(storm->file);
	if (hugetlb_pool_counts(HPAGE_PMD_ORDER).reserved || hugetlb_pool_resize(HPAGE_PMD_ORDER, 0)) {
		fprintf(stderr, "policy %s: the pool has lost huge pages\n", policy);
		right = false;
	}
	return right;
}
