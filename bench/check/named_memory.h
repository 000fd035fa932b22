/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * named_memory.h - what lies at an address at an event of an episode: entries of page tables, struct pages, objects
 * of the core, variables; with the member of their structure, where there is debugging information.
 */
#ifndef FAULTLINE_BENCH_CHECK_NAMED_MEMORY_H
#define FAULTLINE_BENCH_CHECK_NAMED_MEMORY_H

#include "bench/check/episode.h"

enum named_kind { NAMED_OTHER, NAMED_ENTRY, NAMED_PAGE, NAMED_OBJECT };

struct named {
	char name[128];			/* "page[64]._refcount", "PTE table 70 [3]", "vma2.vm_start", "m12+8" */
	enum named_kind kind;
	unsigned int level;		/* of an entry */
	bool is_signed, is_pointer;
};

/* Room for what the next episode's process notes. Returns 0 or an exit status. */
int named_memory_open(void);
void named_memory_close(void);
/* In the episode's process, once its machine is up. */
void named_memory_watch(const struct schedule_log *log);
/* The memory of @size bytes at @address, which event number @at accesses. */
void named_memory_find(const void *address, size_t size, uint32_t at, struct named *named);
/* A value of it, as people read it: a decoded entry, the name of what it points to, a number. */
void named_memory_value(const struct named *named, uint64_t value, size_t size, uint32_t at, char *text, size_t room);

#endif
