/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_replay.c - `faultline replay TOKEN`: runs the episode of a token once more, and prints its steps. */
#include <stdio.h>

#include "bench/check/interleaving.h"
#include "bench/check/replay.h"
#include "bench/check/twice.h"
#include "bench/cmd/commands.h"

struct replay_options {
	bool twice, turns;
};

enum { OPT_TWICE = 1, OPT_TURNS };

static const struct poptOption options[] = {
	{ "twice", 0, POPT_ARG_NONE, NULL, OPT_TWICE, "run it twice: all events must agree", NULL },
	{ "turns", 0, POPT_ARG_NONE, NULL, OPT_TURNS, "print a line for each turn, not for each step", NULL },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	struct replay_options *chosen = target;

	(void)text;
	if (option == OPT_TWICE)
		chosen->twice = true;
	else
		chosen->turns = true;
	return 0;
}

static int play(const struct replay *replay, const struct replay_options *chosen)
{
	const struct episode *episode = &replay->episode;
	const struct episode_end *end;
	int status = chosen->twice ? episode_play_twice(episode, &end) : episode_play(episode, &end);

	if (status)
		return status;
	interleaving_print(stdout, episode, end->log, !chosen->turns);
	if (!end->failed) {
		printf("passed%s: %s, %u threads, %u steps and %u switches\n", chosen->twice ? " twice" : "",
		       episode->what->name, episode->threads, end->log->steps, end->log->switches);
		return EXIT_DONE;
	}
	fflush(stdout);
	fail("%s: failed%s at step %u", episode->what->name, chosen->twice ? " twice" : "", end->log->steps);
	fputs(end->said, stderr);
	replay_print_command(stderr, episode);
	return EXIT_CHECK_FAILED;
}

static int run_replay(int argc, const char **argv)
{
	struct replay_options chosen = { .twice = false };
	struct command_line line;
	struct replay replay;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] TOKEN", take, &chosen);

	if (status)
		return status;
	if (line.nr_words != 1) {
		status = complain("give one token, as a failure of faultline stress --serial prints it");
	} else {
		status = replay_open(&replay, line.words[0]);
		status = replay_close(&replay, status ? status : play(&replay, &chosen));
	}
	command_line_free(&line);
	return status;
}

const struct command replay_command = {
	.name = "replay",
	.arguments = "TOKEN",
	.what = "repeat a failure of stress --serial, step by step",
	.run = run_replay,
};
