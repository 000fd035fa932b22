/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interrupt.c - the handlers: only what is async-signal-safe. */
#include "bench/ground/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "core/faultline.h"

/* Lock key: (A) atomic, by the handler and any thread */
static const char *unfinished[UNFINISHED_FILES];	/* (A) */
static int noted;					/* (A) */
static bool deferred;					/* (A) */

static void end_at_once(int signo)
{
	for (unsigned int i = 0; i < UNFINISHED_FILES; i++) {
		const char *path = load_acquire(&unfinished[i]);

		if (path)
			unlink(path);
	}
	signal(signo, SIG_DFL);
	raise(signo);
}

static void handle(int signo)
{
	if (!load_relaxed(&deferred) || load_relaxed(&noted))
		end_at_once(signo);
	else
		store_relaxed(&noted, signo);
}

void interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	for (unsigned int i = 0; i < ARRAY_SIZE(signals); i++) {
		/* SA_NODEFER: a handler that raises its own signal again ends the program. */
		struct sigaction now, action = { .sa_handler = handle, .sa_flags = SA_RESTART | SA_NODEFER };

		if (!sigaction(signals[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

void interrupt_defer(void)
{
	store_relaxed(&deferred, true);
}

int interrupted(void)
{
	return load_relaxed(&noted);
}

const char *interrupt_name(void)
{
	switch (interrupted()) {
	case 0:
		return NULL;
	case SIGINT:
		return "SIGINT";
	case SIGTERM:
		return "SIGTERM";
	default:
		return "SIGHUP";
	}
}

int interrupt_status(int status)
{
	return interrupted() ? 128 + interrupted() : status;
}

bool interrupt_removes(const char *path)
{
	for (unsigned int i = 0; i < UNFINISHED_FILES; i++)
		if (!load_relaxed(&unfinished[i])) {
			store_release(&unfinished[i], path);
			return true;
		}
	return false;
}

void interrupt_keeps(const char *path)
{
	for (unsigned int i = 0; i < UNFINISHED_FILES; i++)
		if (load_relaxed(&unfinished[i]) == path)
			store_release(&unfinished[i], NULL);
}
