/* SPDX-License-Identifier: GPL-2.0-or-later */
/* planted_litmus.c - `faultline litmus` with two patterns more, which it must complain of: see tests/cli/litmus.sh. */
#include "bench/cmd/commands.h"
#include "workloads/lib/litmus.h"

struct planted_intact_words {
	shared_u32 word;
};

struct planted_idle_words {
	shared_u32 word;
};

static void begin_intact(struct planted_intact_words *s)
{
	store_relaxed(&s->word, 1u);
}

static bool goes_on(struct planted_intact_words *s, unsigned int removed)
{
	(void)removed;
	return load_relaxed(&s->word);
}

static void begin_idle(struct planted_idle_words *s)
{
	store_relaxed(&s->word, 0u);
}

static bool gives_up(struct planted_idle_words *s, unsigned int removed)
{
	(void)removed;
	return load_relaxed(&s->word);
}

LITMUS(planted_intact, begin_intact, goes_on, goes_on,
	.name = "planted-intact", .forbidden = "this", .went_on = { "one", "two" }, .gave_up = { "not one", "not two" })

LITMUS(planted_idle, begin_idle, gives_up, gives_up,
	.name = "planted-idle", .forbidden = "that", .went_on = { "one", "two" }, .gave_up = { "not one", "not two" },
	.parts = { { "nothing", NULL }, { "something", "it is not there" } })

int main(int argc, char **argv)
{
	return litmus_command.run(argc, (const char **)argv);
}
