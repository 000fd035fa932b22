/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_calls.h - the running kernel's calls with results as ours have them, and touches of memory on both sides. */
#ifndef FAULTLINE_TESTS_LIB_MODEL_LIVE_CALLS_H
#define FAULTLINE_TESTS_LIB_MODEL_LIVE_CALLS_H

#include <sys/uio.h>

#include "core/mm/mm_types.h"

/* Each returns what the call does, or -errno. */
long live_mmap(unsigned long addr, unsigned long len, int prot, int flags);
/* From page @pgoff of the file on. */
long live_mmap_file(unsigned long addr, unsigned long len, int prot, int flags, int fd, unsigned long pgoff);
long live_munmap(unsigned long addr, unsigned long len);
long live_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, int flags, unsigned long new_addr);
long live_mprotect(unsigned long addr, unsigned long len, int prot);
long live_madvise(unsigned long addr, unsigned long len, int advice);
/* As mlock2(). */
long live_mlock(unsigned long addr, unsigned long len, int flags);
long live_munlock(unsigned long addr, unsigned long len);
long live_msync(unsigned long addr, unsigned long len, int flags);
long live_mlockall(int flags);
long live_munlockall(void);
/* Linux 6.10 and later. */
long live_mseal(unsigned long addr, unsigned long len, unsigned long flags);
/* Of the process itself: 6.13 and later. */
long live_process_madvise(const struct iovec *vec, unsigned long nr, int advice, unsigned int flags);
long live_mincore(unsigned long addr, unsigned long len, unsigned char *vec);

/* The kernel's version is @major.@minor or later. */
bool live_is_at_least(unsigned int major, unsigned int minor);

/* The kernel knows @advice: tried out on a page at @addr, where nothing is mapped. */
bool live_has_advice(unsigned long addr, int advice);
/* It locks @len bytes at @addr, where nothing is mapped. */
bool live_may_lock(unsigned long addr, unsigned long len);
/* Nothing is mapped in [@start, @end). */
bool live_is_free(unsigned long start, unsigned long end);

struct live_vma {
	unsigned long start, end;
	int prot;		/* PROT_* */
	bool shared;
};
/*
 * The mappings, @max at most, that share an address with [@start, @end), in order. Returns how many; dies when the
 * kernel does not say.
 */
unsigned int live_vmas(unsigned long start, unsigned long end, struct live_vma *vmas, unsigned int max);
/* It is one mapping, not merged with what is beside it, as the program's own memory may be. */
bool live_stands_alone(unsigned long addr, unsigned long len);
/* The mapping of that name in /proc/self/maps; false when there is none. */
bool live_find(const char *name, unsigned long *start, unsigned long *size);
/*
 * What is one VMA there is one in @mm, with the same rights, locked or not, all over [@start, @end), which has 64 at
 * most. False: says on stderr where they differ. Locking: no thread changes the mm.
 */
bool live_vmas_agree(struct mm_struct *mm, unsigned long start, unsigned long end);

/*
 * Has live_touch() come back from accesses that are fatal. To be called in each test: the framework has a handler of
 * its own around each, which comes back by itself. Dies when that is refused.
 */
void live_catch_faults(void);
/* The byte read or written, or a negative number for the signal and its code. */
long live_touch(unsigned long addr, bool write, unsigned char byte);
/* The same access to @mm, which has a payload. */
long our_touch(struct mm_struct *mm, unsigned long addr, bool write, unsigned char byte);

#endif
