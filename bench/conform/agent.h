/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent.h - the live side's processes, which run a sequence's operations on themselves.
 *
 * The controller, this program, forks one agent before it has a second thread: the seed, whose window stays empty.
 * Process 0 is a fork of the seed, and fork trees grow from there. All are children of the controller (CLONE_PARENT),
 * which waits for them; they end with it (PR_SET_PDEATHSIG). An agent and the controller take turns at an exchange, a
 * piece of shared memory: one of both runs at a time, on one processor. An agent calls no function of the C library
 * that allocates, locks or buffers.
 */
#ifndef FAULTLINE_BENCH_CONFORM_AGENT_H
#define FAULTLINE_BENCH_CONFORM_AGENT_H

#include <sys/types.h>

#include "bench/conform/side.h"

#define SEED		NR_PROCESSES	/* the slot of the process from which process 0 is forked */
#define NR_SLOTS	(NR_PROCESSES + 1)

enum agent_request {
	AGENT_RUN,	/* the operation */
	AGENT_LOOK,	/* nothing, but look_too */
	AGENT_CONTENTS,	/* bytes of its pages */
	AGENT_CLEAN,	/* an empty window, as the seed's; the result is not 0 if that cannot be */
};

/* What an agent sees of its window: VMAs as they are shown, words of /proc/PID/pagemap, mincore()'s bytes. */
struct agent_sight {
	bool vmas_known;			/* no operation since: they change by the process's own calls only */
	unsigned int nr_vmas;
	bool detailed;				/* with vm_flags, counts and sizes; all are read or none */
	long locked, total;			/* pages, of the process */
	long sizes[NR_SIZES];			/* KiB */
	struct vma_state vmas[WINDOW_PAGES_MAX];
	uint64_t map[WINDOW_PAGES_MAX];
	unsigned char incore[WINDOW_PAGES_MAX];
	unsigned char huge[WINDOW_PAGES_MAX];	/* mapped by a leaf; only in windows that have room for one */
};

/* A fault that reads maps what is around it, so many bytes by default: all of an exchange. */
#define FAULT_AROUND	65536

/* Lock key: (A) atomic (T) whose turn it is */
struct exchange {
	_Alignas(FAULT_AROUND)
	uint32_t turn;			/* (A) futex: enum turn */
	bool alive;			/* (T) the controller's only */
	pid_t pid;			/* (T) the controller's only */
	enum agent_request request;	/* (T) */
	bool look_too;			/* (T) then it looks at its window */
	bool thorough;			/* (T) with what takes longer */
	bool huge;			/* (T) AGENT_CLEAN: huge pages are allowed */
	long pages;			/* (T) of the window */
	struct op op;			/* (T) */
	pid_t other;			/* (T) of OP_PROCESS_MADVISE */
	long result;			/* (T) of the operation; of OP_FORK: the child's pid */
	struct agent_sight sight;	/* (T) */
	unsigned char wanted[WINDOW_PAGES_MAX];	/* (T) AGENT_CONTENTS */
	int bytes[WINDOW_PAGES_MAX];	/* (T) */
};

/* What agents inherit. Written before the first one starts. */
struct agent_files {
	int fds[NR_FILES + 1];
	uint64_t inodes[NR_FILES + 1];
	int pipes[NR_PINS][2];		/* of pins by vmsplice() */
	int ring;			/* io_uring's, of pins by registered buffers; -1: there is none */
};

/*
 * agents_start - forks the seed, and process 0 from it; @files is copied. Binds the calling thread and all agents to
 * its processor until agents_end(). Returns NULL, or why there are no agents. Locking: the program has one thread.
 */
const char *agents_start(const struct agent_files *files);
/* Ends all agents and waits for them. */
void agents_end(void);

/* Of the process, or the seed. */
struct exchange *agent_exchange(unsigned int slot);
/* Has the agent do what its exchange says, and waits for it. False: it is dead, and was waited for. */
bool agent_ask(unsigned int slot);
/*
 * Forks process @child from the agent @slot: a copy of its window. Both look, if exchange->look_too says so. Returns 0,
 * or -errno; -ESRCH: one is dead.
 */
long agent_fork(unsigned int slot, unsigned int child);
/* Kills the agents of slots [@first, @end) that are there, and waits for them: their memory is freed. */
void agents_kill(unsigned int first, unsigned int end);

#endif
