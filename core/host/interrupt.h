/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.h - interrupts the cores on which other threads of this process run.
 *
 * By membarrier(2), expedited: the host's kernel sends an interrupt to all of those cores at once, and waits for their
 * handlers, as it does to flush their TLBs. A signal would cost a system call for each thread, and a frame on its
 * stack, and would wake those that sleep.
 */
#ifndef FAULTLINE_CORE_HOST_INTERRUPT_H
#define FAULTLINE_CORE_HOST_INTERRUPT_H

/* Registers the process for interrupt_others(). A host without them has none. Locking: none. */
void interrupts_init(void);
/* Returns once the other threads that were running have been interrupted. Locking: any. */
void interrupt_others(void);

#endif
