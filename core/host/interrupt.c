/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interrupt.c - interrupts by membarrier(2). */
#include "core/host/interrupt.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/atomic.h"

static bool possible;	/* (A) */

void interrupts_init(void)
{
	if (!load_relaxed(&possible) && !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		store_relaxed(&possible, true);
}

void interrupt_others(void)
{
	if (load_relaxed(&possible))
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}
