/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * op.h - one operation of a sequence, which both sides run; as a line of text it can be kept, read and run again.
 *
 * Addresses are pages of a window, which begins at WINDOW_START in every process of a side. A side is a tree of
 * processes: process 0 is there from the first operation on, fork adds the one that the operation names, exit ends one
 * (its children stay). All memory outside the window is no part of a sequence.
 */
#ifndef FAULTLINE_BENCH_CONFORM_OP_H
#define FAULTLINE_BENCH_CONFORM_OP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A boundary of page tables lies inside small windows; a large one begins there. */
#define WINDOW_BOUNDARY		0x20000000ul
#define WINDOW_PAGES_MAX	1024
#define WINDOW_PAGE		4096ul
#define LEAF_PAGES		512	/* a window with fewer has no huge page */
#define NR_PROCESSES		8	/* at one time, on each side */
#define NR_FILES		4	/* 1 …: of FILE_PAGES pages at first; the same contents on both sides */
#define FILE_PAGES		16
#define FILE_PAGES_MAX		64	/* after OP_TRUNCATE */
#define NR_PINS			8

enum op_kind {
	OP_MMAP,	/* first, pages, prot, flags; file, pgoff */
	OP_MUNMAP,	/* first, pages */
	OP_MPROTECT,	/* first, pages, prot */
	OP_MREMAP,	/* first, pages, new_pages, flags; to, with MREMAP_FIXED */
	OP_MADVISE,	/* first, pages, advice */
	OP_MLOCK,	/* first, pages, flags: as mlock2() */
	OP_MUNLOCK,	/* first, pages */
	OP_MINCORE,	/* first, pages: the vector is part of the state, only the result is compared here */
	OP_MSYNC,	/* first, pages, flags */
	OP_MSEAL,	/* first, pages */
	OP_READ,	/* first: a byte; the result is the byte, or a signal (result.h) */
	OP_WRITE,	/* first, byte */
	OP_FORK,	/* to: the new process */
	OP_EXIT,
	OP_TRUNCATE,	/* file, pages: its new size */
	OP_PIN,		/* first, to: the number of the pin; with FOLL_WRITE if flags */
	OP_UNPIN,	/* to */
	OP_MOVE_PAGES,	/* first; flags: its page moves to node 0, where it is; without flags its node is asked for */
	OP_CLEAR_REFS,	/* soft-dirty bits of the process */
	OP_MLOCKALL,	/* flags */
	OP_MUNLOCKALL,
	OP_PROCESS_MADVISE,	/* to: the process that has first, pages; advice; the result is in bytes */
	NR_OP_KINDS
};

struct op {
	enum op_kind kind;
	unsigned int process;
	long first, pages;	/* may end past the window */
	long to, new_pages;
	unsigned int skew;	/* bytes past the beginning of page first: address not page aligned */
	int prot, flags, advice;	/* Linux's numbers */
	unsigned int file;	/* 0: none */
	long pgoff;
	unsigned char byte;
};

/* The address of page 0 of a window of @pages pages. */
static inline unsigned long window_start(long pages)
{
	return pages < 512 ? WINDOW_BOUNDARY - (unsigned long)pages / 2 * WINDOW_PAGE : WINDOW_BOUNDARY;
}

/* All bytes of page @page of a fresh file. */
static inline unsigned char file_byte(unsigned int file, long page)
{
	return (unsigned char)(16 * file + (unsigned long)page + 1);
}

/* The address that @first and @skew name. */
static inline unsigned long op_address(const struct op *op, long pages)
{
	return window_start(pages) + (unsigned long)op->first * WINDOW_PAGE + op->skew;
}

/* The operation as one line without a newline, as "0 mmap 0+6 read,write private,anonymous,fixed". */
void op_print(FILE *out, const struct op *op);
/* Reads such a line. Returns NULL, or what is wrong with it. */
const char *op_parse(const char *line, struct op *op);
const char *op_kind_name(enum op_kind kind);

#endif
