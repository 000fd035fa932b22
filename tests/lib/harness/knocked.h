/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knocked.h - a disabled knock-out: the named detector fires, and with nothing disabled none fires. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_KNOCKED_H
#define FAULTLINE_TESTS_LIB_HARNESS_KNOCKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A knock-out, and words of the detectors that may fire; in sanitizer builds their reports count too. */
struct knocked {
	const char *knockout;
	const char *seen[5];
};

/* Of playing a scene, in a child of its own. */
struct attempt {
	const void *scene;
	bool knocked;			/* a knock-out is disabled */
	unsigned int nr;		/* 0, 1, …: for plays that have storms, each with other seeds */
};

/* True when all went well; else prints on stderr what went wrong, or dies. */
typedef bool knocked_play(const struct attempt *attempt);

/* One storm of a play. True when all oracles held; else false and the reason in @why. */
typedef bool knocked_storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size);

/* For a play: @storms with a knock-out, @clean_storms without, until an oracle fails; each attempt has other seeds. */
bool storms_hold(const struct attempt *attempt, knocked_storm *storm, unsigned int storms, unsigned int clean_storms);

/*
 * True when a named detector fires in @play(@scene) with @knocked disabled. Damage may crash the play before the
 * intended detector fires: then it is played again, at most @tries times. Else prints on stderr what is wrong.
 * Locking: as child_ends_well().
 */
bool knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries);
/* The same by checks of the damage: detectors of locks and ages are off, which would end the run before. */
bool knocked_damage_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene, unsigned int tries);
/* True when no detector fires with nothing disabled; else prints on stderr which did. */
bool clean_is_quiet(knocked_play *play, const void *scene);
/* Both, played once. */
bool only_knocked_is_seen(const struct knocked *knocked, knocked_play *play, const void *scene);

/* Steps in a world of their own, set up by @up (as cmocka's setups); true when all went well. The same of them. */
struct knocked_steps {
	struct knocked knocked;
	bool (*steps)(void);
};
bool only_knocked_steps_are_seen(const struct knocked_steps *knocked, int (*up)(void **state));

/* The main() of a test that consists of that, for each of @nr steps (at most 32). */
int knocked_steps_main(const struct knocked_steps *steps, size_t nr, int (*up)(void **state));

#endif
