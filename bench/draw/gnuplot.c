/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gnuplot.c - runs gnuplot, and writes its scripts. */
#include "bench/draw/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/ground/command.h"
#include "bench/ground/dialect.h"

#define LONGEST_TEXT	240	/* characters of one text in a picture */
#define LONGEST_NEWS	200	/* bytes of one line of gnuplot's own complaints */

extern char **environ;

struct gnuplot {
	FILE *in;		/* the script */
	FILE *out, *errors;	/* what gnuplot writes */
	pid_t pid;
	bool empty;		/* the data block has no row yet */
};

/* ---- the process ---- */

/* It reads no start-up files: -d. @other is the pipe's end that it must not keep open. */
static int spawn(struct gnuplot *gnuplot, int in, int other)
{
	char *const argv[] = { "gnuplot", "-d", NULL };
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_addclose(&actions, in);
	posix_spawn_file_actions_addclose(&actions, other);
	posix_spawn_file_actions_adddup2(&actions, fileno(gnuplot->out), STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(gnuplot->errors), STDERR_FILENO);
	error = posix_spawnp(&gnuplot->pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static void release(struct gnuplot *gnuplot)
{
	if (gnuplot->in)
		fclose(gnuplot->in);
	if (gnuplot->out)
		fclose(gnuplot->out);
	if (gnuplot->errors)
		fclose(gnuplot->errors);
	free(gnuplot);
}

/* Returns 0 or an errno. */
static int open_all(struct gnuplot *gnuplot)
{
	int ends[2] = { -1, -1 }, error;

	gnuplot->out = tmpfile();
	gnuplot->errors = gnuplot->out ? tmpfile() : NULL;
	if (!gnuplot->errors || pipe2(ends, O_CLOEXEC))
		return errno;
	gnuplot->in = fdopen(ends[1], "w");
	error = gnuplot->in ? spawn(gnuplot, ends[0], ends[1]) : errno;
	if (!gnuplot->in)
		close(ends[1]);
	close(ends[0]);
	return error;
}

struct gnuplot *gnuplot_start(int *status)
{
	struct gnuplot *gnuplot = calloc(1, sizeof(*gnuplot));
	int error;

	/* Its input is UTF-8, and where no locale is set it would complain of that. */
	setenv("LC_ALL", "C.UTF-8", 1);
	signal(SIGPIPE, SIG_IGN);
	error = gnuplot ? open_all(gnuplot) : ENOMEM;
	*status = 0;
	if (!error)
		return gnuplot;
	if (gnuplot)
		release(gnuplot);
	*status = error == ENOENT ? fail("gnuplot is not there: install gnuplot-nox (apt-get install gnuplot-nox)")
				  : fail("gnuplot: %s", strerror(error));
	return NULL;
}

/* The last line of its complaints that says something, below a copy of the statement; "" when there is none. */
static void read_news(FILE *errors, char *news)
{
	char line[LONGEST_NEWS];

	*news = '\0';
	rewind(errors);
	while (fgets(line, sizeof(line), errors)) {
		const char *text = line + strspn(line, " \t^");

		if (*text != '\n' && strncmp(text, "gnuplot>", 8))
			snprintf(news, LONGEST_NEWS, "%.*s", (int)strcspn(text, "\n"), text);
	}
}

FILE *gnuplot_end(struct gnuplot *gnuplot, int *status)
{
	bool written = !ferror(gnuplot->in);
	char news[LONGEST_NEWS];
	FILE *out = gnuplot->out;
	int ended = 0;

	written = !fclose(gnuplot->in) && written;
	gnuplot->in = NULL;
	while (waitpid(gnuplot->pid, &ended, 0) < 0 && errno == EINTR)
		;
	read_news(gnuplot->errors, news);
	*status = 0;
	if (!written || !WIFEXITED(ended) || WEXITSTATUS(ended))
		*status = fail("gnuplot failed%s%s", *news ? ": " : "", news);
	else if (*news)
		fail("gnuplot: %s", news);
	gnuplot->out = *status ? out : NULL;
	release(gnuplot);
	if (*status)
		return NULL;
	rewind(out);
	return out;
}

/* ---- the script ---- */

/*
 * The characters of @text as @put takes them: none that ends a line or moves a cursor, and not too many. Its SVG
 * terminal escapes what begins a tag or an entity, but lets the end of a CDATA section pass, which no XML may have:
 * that is spaced out.
 */
static void put_characters(FILE *out, const char *text, void (*put)(FILE *out, unsigned int character))
{
	unsigned int character, brackets = 0;

	for (unsigned int i = 0; (character = text_next(&text)); i++) {
		if (i == LONGEST_TEXT) {
			fputs("…", out);
			break;
		}
		if (character == '>' && brackets > 1)
			putc(' ', out);
		brackets = character == ']' ? brackets + 1 : 0;
		put(out, text_is_control(character) ? ' ' : character);
	}
}

static void put_single_quoted(FILE *out, unsigned int character)
{
	if (character == '\'')
		putc('\'', out);
	text_put(out, character);
}

static void put_quoted(FILE *out, const char *text)
{
	putc('\'', out);
	put_characters(out, text, put_single_quoted);
	putc('\'', out);
}

/* Quotes of data have no escapes: what would end them, or be taken for an escape, is replaced by its like. */
static void put_double_quoted(FILE *out, unsigned int character)
{
	text_put(out, character == '"' ? '\'' : character == '\\' ? '/' : character);
}

static void put_field(FILE *out, const char *text)
{
	putc('"', out);
	put_characters(out, text, put_double_quoted);
	putc('"', out);
}

/* The conversion is one of a literal: dialect_print() took it apart. */
static void put_real(FILE *out, const char *conversion, double number)
{
	fprintf(out, conversion, number);
}

static const struct dialect script = { put_quoted, put_real, "0" }, data = { put_field, put_real, "NaN" };

void gnuplot_put_literal(struct gnuplot *gnuplot, const char *fmt, ...)
{
	va_list ap;

	if (!gnuplot)
		return;
	va_start(ap, fmt);
	dialect_print(gnuplot->in, &script, fmt, ap);
	va_end(ap);
}

void gnuplot_data_literal(struct gnuplot *gnuplot, const char *fmt, ...)
{
	va_list ap;

	if (!gnuplot)
		return;
	va_start(ap, fmt);
	putc('$', gnuplot->in);
	dialect_print(gnuplot->in, &script, fmt, ap);
	fputs(" << END\n", gnuplot->in);
	va_end(ap);
	gnuplot->empty = true;
}

void gnuplot_row_literal(struct gnuplot *gnuplot, const char *fmt, ...)
{
	va_list ap;

	if (!gnuplot)
		return;
	va_start(ap, fmt);
	putc(' ', gnuplot->in);
	dialect_print(gnuplot->in, &data, fmt, ap);
	putc('\n', gnuplot->in);
	va_end(ap);
	gnuplot->empty = false;
}

void gnuplot_data_end(struct gnuplot *gnuplot)
{
	if (!gnuplot)
		return;
	if (gnuplot->empty)
		fputs(" NaN NaN NaN NaN NaN NaN NaN NaN\n", gnuplot->in);
	fputs("END\n", gnuplot->in);
}
