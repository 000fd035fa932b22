/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rwsem_line.c - threads that want one reader/writer lock, queued one by one and counted as they enter and leave. */
#include "tests/lib/harness/rwsem_line.h"

#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

struct player {
	bool for_write;
	unsigned int inside;	/* step: 1 once it holds the lock */
	unsigned int leave;	/* step: 1 releases it */
	struct test_threads *thread;
};

struct rwsem sem;

static struct player players[MAX_PLAYERS];
static unsigned int stopped, going;	/* steps */
static _Thread_local bool may_stop;	/* (T) a player that was not stopped yet */

static void play(void *arg, unsigned int index)
{
	struct player *self = arg;

	(void)index;
	may_stop = true;
	if (self->for_write)
		down_write(&sem);
	else
		down_read(&sem);
	step_reach(&self->inside, 1);
	step_await(&self->leave, 1);
	if (self->for_write)
		up_write(&sem);
	else
		up_read(&sem);
}

static unsigned int queue_length(void)
{
	const struct rwsem_waiter *waiter;
	unsigned int length = 0;

	raw_spin_lock(&sem.queue_lock);
	for (waiter = sem.head; waiter; waiter = waiter->next)
		length++;
	raw_spin_unlock(&sem.queue_lock);
	return length;
}

struct player *start(unsigned int i, bool for_write)
{
	struct player *player = &players[i];

	*player = (struct player) { .for_write = for_write };
	player->thread = threads_start(1, play, player);
	return player;
}

struct player *queue(unsigned int i, bool for_write)
{
	unsigned int before = queue_length();
	struct player *player = start(i, for_write);

	for (int ms = 0; queue_length() == before && ms < TEST_PATIENCE_MS; ms++)
		step_within(&player->inside, 1, 1);
	BUG_ON(queue_length() != before + 1);
	return player;
}

void enters(struct player *player)
{
	step_await(&player->inside, 1);
}

void stays_out(struct player *player)
{
	BUG_ON(step_within(&player->inside, 1, 20));
}

void leaves(struct player *player)
{
	step_reach(&player->leave, 1);
	threads_join(player->thread);
}

void at_rest(void)
{
	BUG_ON(sem.count || sem.head || sem.tail);
}

static void stop(void *arg)
{
	(void)arg;
	if (!may_stop)
		return;
	may_stop = false;
	step_reach(&stopped, 1);
	step_await(&going, 1);
}

int stop_next_player_at(const char *point)
{
	stopped = 0;
	going = 0;
	return syncpoint_hook(point, stop, NULL);
}

void await_stopped(void)
{
	step_await(&stopped, 1);
}

void go_on(void)
{
	step_reach(&going, 1);
}
