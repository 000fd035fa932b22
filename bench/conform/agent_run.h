/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_run.h - what an agent does in its own process: operations as system calls, and looks at its window. */
#ifndef FAULTLINE_BENCH_CONFORM_AGENT_RUN_H
#define FAULTLINE_BENCH_CONFORM_AGENT_RUN_H

#include "bench/conform/agent.h"

/*
 * agent_prepare - in the first agent: handlers of SIGSEGV and SIGBUS, no huge pages; @files is kept, @sight is written
 * to. Returns 0, -EBUSY if something is mapped where a window may be, or near it, or -ENOTTY: this kernel cannot be
 * queried for a VMA.
 */
long agent_prepare(const struct agent_files *files, struct agent_sight *sight);
/*
 * Runs the operation; @other is the process of OP_PROCESS_MADVISE. The result is as struct side's run() returns it.
 * OP_FORK and OP_EXIT are not for it.
 */
long agent_run(const struct op *op, pid_t other, long pages);
/* Unmaps all windows and what may have grown out of them; unlocks memory. Returns 0, or -errno: a VMA is sealed. */
long agent_clean(bool huge);

/* agent_open_proc - opens the process's own files of /proc, in place of those that it inherited. False: it cannot. */
bool agent_open_proc(void);
/* PROCMAP_QUERY is there: since Linux 6.11. */
bool agent_can_query(void);
/* Nothing is mapped in [@start, @end). */
bool agent_is_free(unsigned long start, unsigned long end);
/*
 * agent_drop_unused - unmaps what agents do not use of the program, such as libraries, allocators' memory, and large
 * arrays: forks would copy it, and mlockall() would fault it in. What agents use has been touched, then.
 */
void agent_drop_unused(const struct agent_sight *sight);
/* Returns 0, or -errno. */
long agent_clear_refs(void);
/* @thorough: with what agent_details() shows. */
void agent_look(long pages, struct agent_sight *sight, bool thorough);
/* Fills in, of VMAs that have been looked at, vm_flags; and the counts of the process, and sizes of their pages. */
void agent_details(long pages, struct agent_sight *sight);
/* In a new process: the files that agent_details() reads are to be its own. */
void agent_details_begin(void);
/* Touches what agent_details() writes to. */
void agent_details_prepare(void);
/* Opens a file of /proc/self in place of @old, if that is one. Returns the descriptor, or below 0. */
int agent_open(const char *path, int old, int flags);
/* The files that agent_look() recognises. */
void agent_know_files(const struct agent_files *files);

/* The byte of each wanted page, or -1: as struct side's contents(). Pages that are not present are faulted in. */
void agent_contents(long pages, const unsigned char *wanted, int *bytes);
/* Survives the signals of accesses from now on. False: it cannot. */
bool agent_catch_faults(void);
/* The byte that is read or written, or RESULT_SIGNAL. */
long agent_read(unsigned long addr);
long agent_write(unsigned long addr, unsigned char byte);

#endif
