/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expect.h - files of expectations: short sequences, with what a program may rely on after them. Both sides run them.
 *
 *   case NAME               what the kernel promises, in one line; begins with an empty window
 *   window N                pages of it, before the first operation (16)
 *   since MAJOR.MINOR       not asked of an older live kernel
 *   needs WORD...           not asked of a side that lacks it: root, swap
 *   OPERATION [= RESULT]    as op_parse() reads it, and as result_print() writes it; without a result: no error
 *   vmas P [A-B[:rwxs]]...  the ranges [A, B) of all VMAs of process P, with their rights; s: shared
 *   pages P A-B BIT,!BIT... of each page there the first bit is set, the second is not
 *   core differs: REASON    the core answers otherwise, and why; an error as soon as it no longer does
 *   # comment
 */
#ifndef FAULTLINE_BENCH_CONFORM_EXPECT_H
#define FAULTLINE_BENCH_CONFORM_EXPECT_H

#include "bench/conform/side.h"

struct expect_totals {
	unsigned int cases;
	unsigned int checks;		/* results, VMAs and pages compared, on both sides together */
	unsigned int not_asked;		/* cases that the live side lacks something for */
	unsigned int known;		/* cases in which the core differs, as the file says */
	unsigned int failed;		/* cases that failed on a side */
};

/*
 * expect_run - runs the cases of the file @path on @live, which may be NULL, and on @core, and adds to @totals. What
 * fails is one line on stderr each. Returns 0, or an exit status when the file cannot be read.
 * expect_files - the same for @nr files, and prints the totals; EXIT_CHECK_FAILED if a case failed. Ends @core.
 */
int expect_run(const char *path, struct side *live, struct side *core, struct expect_totals *totals);
int expect_files(struct side *live, struct side *core, const char *const *paths, unsigned int nr);

#endif
