/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_linearize.c - `faultline linearize`: is there an order that explains what threads got from a few pages? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/linearize/draw.h"
#include "bench/linearize/shrink.h"

struct linearize_options {
	char *check;
	bool shrink;
};

enum { OPT_CHECK = 1, OPT_SHRINK };

static const struct poptOption options[] = {
	{ "check", 0, POPT_ARG_STRING, NULL, OPT_CHECK, "judge the history in FILE, instead of running", "FILE" },
	{ "shrink", 0, POPT_ARG_NONE, NULL, OPT_SHRINK, "with --check: print the smallest part without an order", NULL },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	struct linearize_options *linearize = target;

	switch (option) {
	case OPT_CHECK:
		return keep_text(&linearize->check, text);
	default:
		linearize->shrink = true;
		return 0;
	}
}

/* ---- a history from a file ---- */
static int print_verdict(struct checker *checker, struct history *history, bool shrink)
{
	static struct checked checked;

	switch (checker_check(checker, history, history->allowed, -1, &checked)) {
	case LINEARIZABLE:
		printf("linearizable: %u operations, %lu configurations\n", history->nr, checker_configs(checker));
		witness_print(history, &checked, stdout);
		return EXIT_DONE;
	case GAVE_UP:
		return fail("gave up after %u configurations", CHECK_CONFIGS);
	default:
		printf("not linearizable: %u operations, %lu configurations\n", history->nr, checker_configs(checker));
		if (shrink) {
			history_shrink(checker, history, history->allowed);
			checker_check(checker, history, history->allowed, -1, &checked);
			history_print(history, stdout);
		}
		history_draw(history, checked.op, stdout);
		return EXIT_CHECK_FAILED;
	}
}

static int check_file(const struct linearize_options *linearize)
{
	static struct history history;
	FILE *in = fopen(linearize->check, "re");
	struct checker *checker;
	char why[128];
	int status;

	if (!in)
		return complain("%s: %s", linearize->check, strerror(errno));
	status = history_read(&history, in, why, sizeof(why)) ? complain("%s: %s", linearize->check, why) : 0;
	fclose(in);
	if (status)
		return status;
	checker = checker_create();
	if (!checker)
		return fail("out of memory");
	status = print_verdict(checker, &history, linearize->shrink);
	checker_free(checker);
	return status;
}

static int run_linearize(int argc, const char **argv)
{
	struct linearize_options linearize = { 0 };
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...]", take, &linearize);

	if (!status) {
		status = refuse_words(&line);
		if (!status && !linearize.check)
			status = complain("no history given: use --check FILE");
		if (!status)
			status = check_file(&linearize);
		command_line_free(&line);
	}
	free(linearize.check);
	return status;
}

const struct command linearize_command = {
	.name = "linearize",
	.arguments = "",
	.what = "search an order that explains what threads got",
	.run = run_linearize,
};
