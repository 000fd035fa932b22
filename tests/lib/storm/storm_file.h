/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * storm_file.h - the file of a storm, which any of its address spaces may map, shared or private, and any thread may
 * truncate or write back.
 *
 * What all write to, and some keep copies of, has no one writer: a page holds what was written to its page of the file,
 * by whomever, what the file held when it was made, or zeroes.
 */
#ifndef FAULTLINE_TESTS_LIB_STORM_STORM_FILE_H
#define FAULTLINE_TESTS_LIB_STORM_STORM_FILE_H

#include "core/faultline.h"

/* In folios of 1 << @order pages, which divides @pages. */
struct file *storm_file_create(unsigned long pages, unsigned int order, uint64_t seed);
void storm_file_drop(struct file *file);
/*
 * Maps it over a range of a window that begins at @window, mostly page for page, and mostly shared.
 * Locking: none held.
 */
void storm_file_map(struct file *file, struct mm_struct *mm, unsigned long window, unsigned long start,
		    unsigned long len, int prot);
/* It ends somewhere else. */
void storm_file_cut(struct file *file);
/* A reverse-map walk from a page of it near @index, if that is in memory. */
void storm_file_rmap(struct file *file, unsigned long index);
/* Pages of this index, and copies of them, are the file's: anonymous memory of a storm has other numbers. */
bool storm_file_has(unsigned long index);
/* What the word of the page with index @index says, in a mapping of the file; dies if it can't be. */
void storm_file_check(unsigned long index, uint64_t word);

#endif
