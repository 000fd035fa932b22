/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.h - what threads asked of a few pages, what they got, and when; as records, and as text of one line each:
 *
 *   pages 4                              how many there are; none is mapped when the history begins
 *   allow munmap-window                  a nondeterminism of model.h that this system has
 *   0 1 2 mmap 0-3 rw = 0                thread, call stamp, return stamp, kind, pages, argument = result
 *   1 3 6 write 2 7 = 0
 *   0 4 5 read 2 = 7                     or SIGSEGV, as of a write
 *   0 7 9 mprotect 0-1 r = ENOMEM        none, r or rw
 *   1 8 10 mremap 1 3 = 0                page 1 moves to 3
 *   2 11 12 mincore 0-1 = 1 0
 *   2 13 14 fork 0-3 = 0 7 SIGSEGV 0     what the child reads
 *
 * and munmap, dontneed, guard-install, guard-remove, pageout, migrate, which are like munmap; pin-read and pin-write,
 * accesses through a pin, which are like read and write, or EFAULT. A line that begins with # is a comment.
 */
#ifndef FAULTLINE_BENCH_LINEARIZE_HISTORY_H
#define FAULTLINE_BENCH_LINEARIZE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define HISTORY_THREADS	8u
#define HISTORY_PAGES	8u
#define HISTORY_OPS	192u	/* of all threads, and of what came before them */

enum history_kind {
	OP_READ, OP_WRITE, OP_MMAP, OP_MUNMAP, OP_MPROTECT, OP_DONTNEED, OP_GUARD_INSTALL, OP_GUARD_REMOVE, OP_MREMAP,
	OP_FORK, OP_MINCORE, OP_PAGEOUT, OP_MIGRATE, OP_PIN_READ, OP_PIN_WRITE, NR_OP_KINDS
};

enum page_prot { PAGE_PROT_NONE, PAGE_PROT_READ, PAGE_PROT_WRITE };

#define SEEN_SIGSEGV	(-1)	/* of a page that a child cannot read */

struct history_op {
	uint8_t thread, kind;
	uint8_t first, nr;		/* pages */
	uint8_t arg;			/* the byte of a write, the page_prot, the page that mremap moves to */
	int result;			/* 0 or -errno; -EFAULT of OP_READ or OP_WRITE: SIGSEGV */
	int16_t seen[HISTORY_PAGES];	/* the byte of a read; of fork's child, and 0 or 1 of mincore, for each page */
	uint64_t called, returned;	/* stamps of one clock: no two are equal */
};

struct history {
	unsigned int pages, nr;
	uint32_t allowed;		/* bits of enum nondeterminism */
	struct history_op ops[HISTORY_OPS];	/* by call stamp */
};

/* The name of a kind, as in the text. */
const char *history_kind_name(enum history_kind kind);
/* True if ops of @kind read, or write, a byte of one page; through an address, or through a pin. */
static inline bool history_is_read(enum history_kind kind)
{
	return kind == OP_READ || kind == OP_PIN_READ;
}

static inline bool history_is_write(enum history_kind kind)
{
	return kind == OP_WRITE || kind == OP_PIN_WRITE;
}

static inline bool history_is_access(enum history_kind kind)
{
	return history_is_read(kind) || history_is_write(kind);
}

/* Its pages, as bits; those of mremap are both. */
static inline uint32_t history_pages(const struct history_op *op)
{
	uint32_t pages = ((1u << op->nr) - 1) << op->first;

	return op->kind == OP_MREMAP ? pages | 1u << op->arg : pages;
}

/* The operation, its pages and argument; and its result: both as in a line of text, without a newline. */
void history_format(const struct history_op *op, char *text, size_t size);
void history_format_result(const struct history_op *op, char *text, size_t size);
/* The whole text. */
void history_print(const struct history *history, FILE *out);
/*
 * history_read - returns 0, -EINVAL with the line and the reason in @why, or -E2BIG with the reason. Stamps must be
 * distinct, and a thread's operations one after the other.
 */
int history_read(struct history *history, FILE *in, char *why, size_t why_size);
/* Sorts by call stamp. */
void history_sort(struct history *history);

#endif
