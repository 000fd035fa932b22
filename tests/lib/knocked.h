/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knocked.h - one thing left out: the check that should see it does, and with nothing left out none complains. */
#ifndef FAULTLINE_TESTS_LIB_KNOCKED_H
#define FAULTLINE_TESTS_LIB_KNOCKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* One storm of a play. True when all oracles held; else false and the reason in @why. */
typedef bool knocked_storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size);

/* For a play: @storms of them with something left out, @clean_storms with nothing, until one does not hold; each attempt has other seeds. */
bool storms_hold(const struct attempt *attempt, knocked_storm *storm, unsigned int storms, unsigned int clean_storms);

/*
 * True when it is seen that @knocked is left out of @play(@scene), by what is said to see it. What is broken may crash before
 * the check that is meant gets to see it: then it is played again, @tries times at the most. Else says on stderr what is wrong.
 * Locking: as child_ends_well().
 */
bool knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries);
/* The same by checks of the damage: no detector of locks or ages ends the run before there is any. */
bool knocked_damage_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries);
/* True when nothing is seen if nothing is left out; else says on stderr what is. */
bool clean_is_quiet(knocked_play *play, const void *scene);
/* Both, played once. */
bool only_knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene);

/* Steps in a world of their own, set up by @up (as cmocka's setups); true when all went well. The same of them. */
struct knocked_steps {
	struct knocked knocked;
	bool (*steps)(void);
};
bool only_knocked_steps_are_seen(const struct knocked_steps *knocked, int (*up)(void **state));

#endif
