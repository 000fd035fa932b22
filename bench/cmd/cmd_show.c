/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_show.c - `faultline show TOKEN`: draws the episode of a token. */
#include <stdlib.h>
#include <string.h>

#include "bench/check/named_memory.h"
#include "bench/check/replay.h"
#include "bench/cmd/commands.h"
#include "bench/draw/show.h"
#include "bench/ground/out_file.h"

struct show_options {
	char *out, *trace;
};

enum { OPT_OUT = 1, OPT_TRACE };

static const struct poptOption options[] = {
	{ "out", 'o', POPT_ARG_STRING, NULL, OPT_OUT,
	  "write to FILE (default: interleaving.html, .json or .dot)", "FILE" },
	{ "trace", 0, POPT_ARG_STRING, NULL, OPT_TRACE, "a trace for ui.perfetto.dev or graphviz, not a page",
	  "chrome|dot" },
	COMMAND_OPTIONS_END
};

/* The first is the default. */
static const struct form {
	const char *name, *file;
	int (*draw)(const struct show *show, struct out_file *out);
} forms[] = {
	{ "page", "interleaving.html", show_page },
	{ "chrome", "interleaving.json", show_chrome },
	{ "dot", "interleaving.dot", show_dot },
};

static const struct form *find_form(const char *name)
{
	for (size_t i = 1; name && i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	return name ? NULL : &forms[0];
}

static int take(void *target, int option, const char *text)
{
	struct show_options *chosen = target;

	if (option == OPT_OUT)
		return keep_text(&chosen->out, text);
	return find_form(text) ? keep_text(&chosen->trace, text) :
				 complain("unknown trace '%s': chrome or dot", text);
}

static int draw(const struct replay *replay, const char *token, const struct form *form, const char *path)
{
	struct show show = { .episode = &replay->episode, .token = token };
	struct out_file out;
	int status = out_file_begin(&out, path);

	if (status)
		return status;
	status = episode_play(show.episode, &show.end);
	if (status)
		return out_file_end(&out, status);
	show.log = show.end->log;
	show.nr = min(show.log->nr_events, show.log->room);
	status = edges_find(&show.edges, show.log);
	status = status ? out_file_end(&out, status) : form->draw(&show, &out);
	edges_free(&show.edges);
	if (!status)
		printf("%s: %u steps and %u switches of an episode that %s\n", path, show.log->steps,
		       show.log->switches, show.end->failed ? "fails" : "passes");
	return status;
}

static int draw_token(const struct show_options *chosen, const char *token)
{
	const struct form *form = find_form(chosen->trace);
	struct replay replay;
	int status = replay_open(&replay, token);

	replay.episode.details = true;
	if (!status)
		status = named_memory_open();
	if (!status)
		status = draw(&replay, token, form, chosen->out ? chosen->out : form->file);
	named_memory_close();
	return replay_close(&replay, status);
}

static int run_show(int argc, const char **argv)
{
	struct show_options chosen = { .out = NULL };
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] TOKEN", take, &chosen);

	if (!status) {
		status = line.nr_words == 1 ? draw_token(&chosen, line.words[0]) :
			 complain("give one token, as a failure of faultline stress --serial prints it");
		command_line_free(&line);
	}
	free(chosen.out);
	free(chosen.trace);
	return status;
}

const struct command show_command = {
	.name = "show",
	.arguments = "TOKEN",
	.what = "draw a failure of stress --serial as a page",
	.run = run_show,
};
