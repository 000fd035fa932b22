/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rwsem_line.h - threads that want one reader/writer lock, queued one by one and counted as they enter and leave. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_RWSEM_LINE_H
#define FAULTLINE_TESTS_LIB_HARNESS_RWSEM_LINE_H

#include "core/lock/rwsem.h"

#define MAX_PLAYERS	6

extern struct rwsem sem;	/* the lock they want */

struct player;

/* Player @i goes for the lock. */
struct player *start(unsigned int i, bool for_write);
/* As start(), when the lock can't be had: the player is queued when this returns. */
struct player *queue(unsigned int i, bool for_write);
/* The player gets the lock; BUG() when it does not within TEST_PATIENCE_MS. */
void enters(struct player *player);
/* BUG() when the player has the lock now, or in the next moments. */
void stays_out(struct player *player);
/* The player, which has the lock or will get it, releases it and has ended when this returns. */
void leaves(struct player *player);
/* BUG() unless the lock is free and the queue empty. */
void at_rest(void);

/* The next player to come to sync point @point stops there until go_on(); returns -ENOENT for no such point. */
int stop_next_player_at(const char *point);
void await_stopped(void);
void go_on(void);

#endif
