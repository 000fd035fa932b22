/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moves.h - random operations on an address space, each as the model's and the core's. */
#ifndef FAULTLINE_TESTS_LIB_MODEL_MOVES_H
#define FAULTLINE_TESTS_LIB_MODEL_MOVES_H

#include "core/base/rng.h"
#include "tests/lib/model/model.h"

enum move_kind { MOVE_MMAP, MOVE_MUNMAP, MOVE_MPROTECT, MOVE_MADVISE, MOVE_MINCORE, MOVE_MREMAP, MOVE_TOUCH, NR_MOVES };

/* One operation with its arguments: as many as it needs. */
struct move {
	enum move_kind kind;
	unsigned long start, len;
	unsigned long new_addr, new_len;
	int prot, flags, advice;
	uint32_t name;
	bool write;
	uint8_t content;
};

#define MOVE_MAX_PAGES	(4 * PTRS_PER_PTE + 64)

/* What came of it; mincore's vector too. */
struct outcome {
	long ret;
	unsigned char vec[MOVE_MAX_PAGES];
};

/* A move that the model can predict, near the boundaries of its windows. */
struct move move_random(const struct model *model, struct rng *rng);
/* Does it to the mm. A touch that the mm allows reads, or writes @move->content. */
void move_do(const struct move *move, struct mm_struct *mm, struct outcome *outcome);
/* Does it to the model. */
void move_model(const struct move *move, struct model *model, struct outcome *outcome);
/* True when both came out the same; else says on stderr what was done, and what came of it. */
bool outcomes_equal(const struct move *move, const struct outcome *got, const struct outcome *want);
/* Prints the move on stderr. */
void move_tell(const struct move *move);

#endif
