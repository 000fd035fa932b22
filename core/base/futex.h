/* SPDX-License-Identifier: GPL-2.0-or-later */
/* futex.h - the kernel's futex wait and wake; locks call those of lock/wait.h, which a schedule can replace. */
#ifndef FAULTLINE_CORE_BASE_FUTEX_H
#define FAULTLINE_CORE_BASE_FUTEX_H

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/compiler.h"

/* Sleeps until woken if *@word is @value when the kernel reads it under the wakers' lock. May return early. */
static inline void kernel_futex_wait(uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* The same, for @millisecs at most; 0: without a bound. */
static inline void kernel_futex_wait_for(uint32_t *word, uint32_t value, unsigned int millisecs)
{
	struct timespec time = { millisecs / 1000, (long)(millisecs % 1000) * 1000000 };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, millisecs ? &time : NULL, NULL, 0);
}

/* Wakes up to @nr sleepers on @word, which may be unmapped. */
static inline void kernel_futex_wake(uint32_t *word, int nr)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, nr, NULL, NULL, 0);
}

#endif
