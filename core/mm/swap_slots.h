/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap_slots.h - which slots of a swap device are free.
 *
 * A large folio takes as many slots in a row as it has pages, from a multiple of that number on: the slot of a page,
 * modulo the folio's size, is the page's place in it. Single slots are taken from the lowest on, rows from the highest,
 * so that rows stay free. Slot 0 is never free.
 *
 * Source: mm/swapfile.c, cluster_alloc_swap_entry().
 */
#ifndef FAULTLINE_CORE_MM_SWAP_SLOTS_H
#define FAULTLINE_CORE_MM_SWAP_SLOTS_H

#include <stdbool.h>

/*
 * swap_slots_init - slots 1 … @nr are free. Returns 0, or -ENOMEM. swap_slots_exit() - the end of it. Locking: no other
 * thread is in core.
 */
int swap_slots_init(unsigned long nr);
void swap_slots_exit(void);
/*
 * swap_slots_alloc - takes 1 << @order slots in a row; the first is a multiple of that number. Returns it, or 0 if no
 * such row is free. swap_slots_free() - gives slot @slot back. Locking: any lock but a leaf.
 */
unsigned long swap_slots_alloc(unsigned int order);
void swap_slots_free(unsigned long slot);
/* The number of slots in use, exact at rest. */
unsigned long swap_slots_used(void);

#endif
