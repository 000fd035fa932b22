/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_file_storm.h - threads that map, write, zap, fork, pin, migrate and truncate a file of huge pages, in several
 * mms.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_HUGETLB_FILE_STORM_H
#define FAULTLINE_TESTS_LIB_STORM_HUGETLB_FILE_STORM_H

#include "core/mm/hugetlb_file.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define HUGETLB_FILE_MMS	3u
#define HUGETLB_FILE_PAGES	4ul	/* huge pages that are used */
#define HUGETLB_FILE_THREADS	4u

/* Lock key: (C) const while threads run (A) atomic */
struct hugetlb_file_storm {
	struct mm_struct *mms[HUGETLB_FILE_MMS];	/* (C) each with the file at AREA */
	struct file *file;		/* (C) */
	unsigned long mapped;		/* (C) huge pages that each mapping has */
	unsigned int rounds;		/* (C) operations a thread does */
	bool truncates;			/* (C) truncates too; else nothing written is ever lost */
	uint32_t began, ended;		/* (A) truncations */
	unsigned long checked;		/* (A) words found as written */
	unsigned long lost;		/* (A) words that a truncation took */
	unsigned long wrong;		/* (A) words that were neither */
	unsigned long walked;		/* (A) leaves that page walks visited */
	unsigned long pinned;		/* (A) pages got by GUP-fast */
	unsigned long moved;		/* (A) huge pages moved to other frames */
};

/*
 * Runs it under @policy, each sync point pausing at @noise per mille, with mappings of @mapped huge pages. Each thread
 * has a word of each huge page for itself, writes it through one mm, and reads it through another. True when the oracle
 * holds, and each word was the last one written, or 0 after a truncation. Else prints on stderr what went wrong.
 * Locking: as hugetlb_storm().
 */
bool hugetlb_file_storm(struct hugetlb_file_storm *storm, const char *policy, unsigned int noise);

#endif
