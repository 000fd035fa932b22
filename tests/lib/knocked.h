/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knocked.h - one thing left out: the check that should see it does, and with nothing left out none complains. */
#ifndef FAULTLINE_TESTS_LIB_KNOCKED_H
#define FAULTLINE_TESTS_LIB_KNOCKED_H

#include <stdbool.h>

/* What is left out, and words of the checks that may see it; in sanitizer builds a report of theirs does as well. */
struct knocked {
	const char *knockout;
	const char *seen[5];
};

/* Of playing a scene, in a child of its own. */
struct attempt {
	const void *scene;
	bool knocked;			/* something is left out */
	unsigned int nr;		/* 0, 1, …: for plays that have storms, each with other seeds */
};

/* True when all went well; else it says on stderr what did not, or dies. */
typedef bool knocked_play(const struct attempt *attempt);

/*
 * True when it is seen that @knocked is left out of @play(@scene), by what is said to see it. What is broken may crash before
 * the check that is meant gets to see it: then it is played again, @tries times at the most. Else says on stderr what is wrong.
 * Locking: as child_ends_well().
 */
bool knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries);
/* The same by those that look at the damage: no watcher of locks or ages ends the run before there is any. */
bool knocked_damage_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries);
/* True when nothing is seen if nothing is left out; else says on stderr what is. */
bool clean_is_quiet(knocked_play *play, const void *scene);
/* Both, played once. */
bool only_knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene);

#endif
