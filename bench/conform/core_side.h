/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_side.h - the processes and files of the core's side. */
#ifndef FAULTLINE_BENCH_CONFORM_CORE_SIDE_H
#define FAULTLINE_BENCH_CONFORM_CORE_SIDE_H

#include "bench/conform/side.h"
#include "core/faultline.h"

struct core_side {
	struct side side;
	struct mm_policy policy;
	long pages;				/* of the window */
	struct mm_struct *mms[NR_PROCESSES];	/* NULL: no such process */
	struct file *files[NR_FILES + 1];	/* by number; NULL before it is first used */
	struct {
		struct page *page;		/* NULL: not in use */
		unsigned int process;
		bool write;			/* a pin; else a reference */
	} pins[NR_PINS];
};

/* core_state.c: what side.h says of them. */
void core_look(struct side *side, unsigned int process, struct process_state *state);
void core_contents(struct side *side, unsigned int process, const unsigned char *wanted, int *bytes);
/* A pointer to the byte at @addr, which is mapped; NULL: it is in the zero page, or not mapped. */
unsigned char *core_byte(struct mm_struct *mm, unsigned long addr);

#endif
