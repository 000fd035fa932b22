/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serial_options.c - options of schedules. */
#include "bench/check/serial.h"

#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"

const char *const serial_memory_names[] = { [MEMORY_SC] = "sc", [MEMORY_TSO] = "tso", [MEMORY_C11] = "c11" };

struct poptOption serial_options[] = {
	{ "serial", 0, POPT_ARG_NONE, NULL, CHOOSE_SERIAL,
	  "run one thread at a time, by a new schedule for each seed", NULL },
	{ "episodes", 0, POPT_ARG_STRING, NULL, CHOOSE_EPISODES, "run N episodes (default: 200, or for --seconds)",
	  "N" },
	{ "depth", 0, POPT_ARG_STRING, NULL, CHOOSE_DEPTH,
	  "search bugs of depth D: D-1 priority changes (default: 3)", "D" },
	{ "wander", 0, POPT_ARG_STRING, NULL, CHOOSE_WANDER,
	  "even seeds: change priority every N steps (default: 5)", "STEPS" },
	{ "changes", 0, POPT_ARG_STRING, NULL, CHOOSE_CHANGES,
	  "change priority at these steps, not at random ones",
	  "none|STEP[.OP.WORKER],..." },
	{ "ops", 0, POPT_ARG_STRING, NULL, CHOOSE_OPS, "run only these operations of the workers", "OP.WORKER,..." },
	{ "twice", 0, POPT_ARG_NONE, NULL, CHOOSE_TWICE, "run each episode twice: all events must agree", NULL },
	{ "trace", 0, POPT_ARG_NONE, NULL, CHOOSE_TRACE, "print each step of the last episode", NULL },
	{ "memory-order", 0, POPT_ARG_STRING, NULL, CHOOSE_ORDER,
	  "explore builds: what loads may return (default: sc)", "sc|tso|c11" },
	{ "coverage", 0, POPT_ARG_NONE, NULL, CHOOSE_COVERAGE,
	  "explore builds: print orders of accesses never seen", NULL },
	{ "steer", 0, POPT_ARG_NONE, NULL, CHOOSE_STEER,
	  "explore builds: switch so that such an order may come", NULL },
	{ "no-shrink", 0, POPT_ARG_NONE, NULL, CHOOSE_NO_SHRINK, "print the first failure, do not shrink it", NULL },
	POPT_TABLEEND
};


/* Up to @most numbers with dots between them. Returns how many; 0: it is something else. */
static unsigned int read_numbers(const char *text, size_t length, uint32_t *numbers, unsigned int most)
{
	const char *end = text + length;
	unsigned int nr = 0;

	while (text <= end && nr < most) {
		char *part = strndup(text, strcspn(text, ".,"));
		uint64_t number = 0;
		bool good = part && read_number(part, 0, UINT32_MAX, &number);

		free(part);
		if (!good)
			return 0;
		numbers[nr++] = (uint32_t)number;
		text += strcspn(text, ".,") + 1;
	}
	return text > end ? nr : 0;
}

/* What comes after the next comma; NULL: nothing does. */
static const char *next_part(const char *text)
{
	text += strcspn(text, ",");
	return *text ? text + 1 : NULL;
}

static int take_changes(struct serial *serial, const char *text)
{
	serial->changes_given = true;
	serial->nr_changes = 0;
	for (const char *rest = strcmp(text, "none") ? text : NULL; rest; rest = next_part(rest)) {
		struct schedule_change *change = &serial->changes[serial->nr_changes];
		uint32_t numbers[3];
		unsigned int nr = read_numbers(rest, strcspn(rest, ","), numbers, 3);

		if (serial->nr_changes++ == SCHEDULE_CHANGES || (nr != 1 && nr != 3) || !numbers[0] ||
		    (nr == 3 && numbers[2] >= SCHEDULE_THREADS))
			return complain("more than %d changes, or an invalid one: '%s'", SCHEDULE_CHANGES, text);
		*change = (struct schedule_change){ .step = numbers[0], .thread = SCHEDULE_ANY };
		if (nr == 3)
			change->op = numbers[1], change->thread = (uint8_t)numbers[2];
	}
	return 0;
}

static int take_ops(struct serial *serial, const char *text)
{
	serial->some_ops = true;
	for (const char *rest = text; rest; rest = next_part(rest)) {
		uint32_t numbers[2];

		if (read_numbers(rest, strcspn(rest, ","), numbers, 2) != 2 || numbers[0] >= 64 ||
		    numbers[1] >= SCHEDULE_WORKERS)
			return complain("invalid operations '%s': give OP.WORKER,...", text);
		serial->kept[numbers[1]] |= 1ull << numbers[0];
	}
	return 0;
}

static int take_memory_order(struct serial *serial, const char *text)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(serial_memory_names); i++)
		if (!strcmp(text, serial_memory_names[i])) {
			serial->memory = (enum schedule_memory)i;
			return episode_order_possible(serial->memory);
		}
	return complain("invalid memory order '%s': give sc, tso or c11", text);
}

static int coverage_possible(void)
{
	return FAULTLINE_EXPLORE ? 0 :
	       complain("this build knows no accesses; use build/explore/faultline (./run build explore)");
}

int serial_take(struct serial *serial, int option, const char *text)
{
	uint64_t number;

	switch (option) {
	case CHOOSE_SERIAL:
		serial->wanted = true;
		return syncpoint_get(0) ? 0 :
		       complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	case CHOOSE_EPISODES:
		serial->option = "--episodes";
		return read_number(text, 1, UINT64_MAX, &serial->episodes) ? 0 :
		       complain("invalid number of episodes '%s': give 1 or more", text);
	case CHOOSE_DEPTH:
		serial->option = "--depth";
		if (!read_number(text, 1, SCHEDULE_CHANGES + 1, &number))
			return complain("invalid depth '%s': give 1 to %d", text, SCHEDULE_CHANGES + 1);
		serial->depth = (unsigned int)number;
		return 0;
	case CHOOSE_WANDER:
		serial->option = "--wander";
		if (!read_number(text, 0, UINT32_MAX, &number))
			return complain("invalid number of steps '%s': give 0 or more", text);
		serial->wander = (unsigned int)number;
		return 0;
	case CHOOSE_CHANGES:
		serial->option = "--changes";
		return take_changes(serial, text);
	case CHOOSE_OPS:
		serial->option = "--ops";
		return take_ops(serial, text);
	case CHOOSE_TWICE:
		serial->option = "--twice";
		serial->twice = true;
		return 0;
	case CHOOSE_TRACE:
		serial->option = "--trace";
		serial->trace = true;
		return 0;
	case CHOOSE_ORDER:
		serial->option = "--memory-order";
		return take_memory_order(serial, text);
	case CHOOSE_COVERAGE:
		serial->option = "--coverage";
		serial->coverage = true;
		return coverage_possible();
	case CHOOSE_STEER:
		serial->option = "--steer";
		serial->steer = true;
		return coverage_possible();
	default:
		serial->option = "--no-shrink";
		serial->shrink = false;
		return 0;
	}
}
