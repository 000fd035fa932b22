/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.c - a text in place of each string of a run's files, through the page, the plots and the table.
 *
 * An input is a byte that chooses the file, a byte that chooses the string (255: each one), and the text. Whatever it
 * is, the page is well-formed XML, scripts for gnuplot keep it in quotes or rows of data, and messages are whole lines.
 * No gnuplot runs: what it would read goes to memory, and it seems to draw empty pictures.
 */
#include <expat.h>
#include <ftw.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cmd/commands.h"
#include "bench/ground/dialect.h"
#include "tests/lib/harness/fuzz.h"
#include "tests/lib/harness/scratch.h"

#define RUN	FAULTLINE_SOURCE_DIR "/tests/lib/harness/run/"
#define EACH	255

static const char *const files[] = { "bench.json", "eras.json", "profile.json", "numa.json", "knockouts.json",
				     "conform.json", "linearize.json" };
#define NR_FILES	(sizeof(files) / sizeof(files[0]))

/* ---- in place of gnuplot ---- */
static int script_fd, pictures_fd;	/* what it reads, and where it draws */

int pipe2(int ends[2], int flags)
{
	(void)flags;
	script_fd = memfd_create("script", MFD_CLOEXEC);
	ends[0] = dup(script_fd);
	ends[1] = dup(script_fd);
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int new_fd)
{
	(void)actions;
	if (new_fd == STDOUT_FILENO)
		pictures_fd = fd;
	return 0;
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attributes, char *const argv[], char *const environment[])
{
	(void)file, (void)actions, (void)attributes, (void)argv, (void)environment;
	*pid = 1;
	return 0;
}

/*
 * The end of a quoted text that begins at @text; NULL when the line ends before. In quotes of commands of ours nothing
 * is run.
 */
static const char *end_of_quotes(const char *text, char quote)
{
	for (const char *c = text + 1; *c; c++) {
		HOLDS(quote == '\'' || *c != '`');
		if (*c == '\\' && quote == '"' && c[1])
			c++;
		else if (*c == quote)
			return c;
	}
	return NULL;
}

/* A command: outside of quotes it has this program's own signs alone. True: data follow. */
static bool check_command(const char *line)
{
	for (const char *c = line; *c; c++) {
		if (*c == '\'' || *c == '"') {
			c = end_of_quotes(c, *c);
			HOLDS(c);
		} else {
			HOLDS(*c != '`' && (unsigned char)*c >= ' ' && *c != 0x7f);
		}
	}
	return line[0] == '$' && strstr(line, " << END");
}

/* A row: it ends no data, and its quotes are closed. */
static void check_row(const char *line)
{
	unsigned int quotes = 0;

	HOLDS(line[0] == ' ' || !line[0]);
	for (const char *c = line; *c; c++) {
		HOLDS((unsigned char)*c >= ' ' && *c != 0x7f);
		quotes += *c == '"';
	}
	HOLDS(quotes % 2 == 0);
}

static void draw_nothing(const char *line)
{
	static const char picture[] =
		"<svg viewBox=\"0 0 1 1\"\n "
		"xmlns=\"http://www.w3.org/2000/svg\">\n<defs></defs>\n<g></g></g>\n</svg>\n";

	if (!strcmp(line, "unset output"))
		HOLDS(write(pictures_fd, picture, sizeof(picture) - 1) == sizeof(picture) - 1);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	FILE *script = fdopen(script_fd, "r");
	char *line = NULL;
	size_t room = 0;
	bool data = false;
	ssize_t length;

	(void)options;
	HOLDS(script);
	rewind(script);
	while ((length = getline(&line, &room, script)) > 0) {
		HOLDS(line[length - 1] == '\n' && strlen(line) == (size_t)length);
		line[length - 1] = '\0';
		if (data && !strcmp(line, "END"))
			data = false;
		else if (data)
			check_row(line);
		else
			data = check_command(line);
		draw_nothing(line);
	}
	HOLDS(!data);
	free(line);
	fclose(script);
	*status = 0;
	return pid;
}

/* ---- in place of a disk ---- */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

/* ---- the files ---- */

/* Replaces the strings of @value whose turn it is: *@left counts down to them; EACH: all. */
static void plant(json_t *value, unsigned int *left, const char *text, size_t length)
{
	const char *key;
	json_t *inner;
	void *next;
	size_t i;

	json_object_foreach_safe(value, next, key, inner)
		if (json_is_string(inner) && (*left == EACH || !(*left)--))
			json_object_set_new(value, key, json_stringn(text, length));
		else
			plant(inner, left, text, length);
	json_array_foreach(value, i, inner)
		if (json_is_string(inner) && (*left == EACH || !(*left)--))
			json_array_set_new(value, i, json_stringn(text, length));
		else
			plant(inner, left, text, length);
}

/* Texts that JSON cannot have never come out of a file: bytes that are no UTF-8, and zero. */
static bool is_text(const char *text, size_t length)
{
	json_t *string = memchr(text, 0, length) ? NULL : json_stringn(text, length);

	json_decref(string);
	return string != NULL;
}

/* A file of the run, with @text in place of its string of that number; @text NULL: as it is. */
static void write_file(unsigned int file, unsigned int string, const char *text, size_t length)
{
	char path[512];
	json_t *root;

	snprintf(path, sizeof(path), RUN "%s", files[file]);
	root = json_load_file(path, 0, NULL);
	HOLDS(root);
	if (text)
		plant(root, &string, text, length);
	snprintf(path, sizeof(path), "run/%s", files[file]);
	HOLDS(!json_dump_file(root, path, 0));
	json_decref(root);
}

/* ---- the command ---- */
static void check_page(void)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	FILE *page = fopen("page.html", "re");
	char block[65536];
	size_t got;

	HOLDS(parser && page);
	do {
		got = fread(block, 1, sizeof(block), page);
		HOLDS(XML_Parse(parser, block, (int)got, got < sizeof(block)) == XML_STATUS_OK);
	} while (got == sizeof(block));
	fclose(page);
	XML_ParserFree(parser);
}

/* What the command prints to a terminal. */
struct printed {
	FILE **stream, *kept;
	char *text;
	size_t length;
};

static void catch(struct printed *printed, FILE **stream)
{
	printed->stream = stream;
	printed->kept = *stream;
	*stream = open_memstream(&printed->text, &printed->length);
	HOLDS(*stream);
}

/* Returns the number of lines: they are whole, and nothing in them is a command to the terminal. */
static unsigned int check_printed(struct printed *printed)
{
	const char *text;
	unsigned int lines = 0, character;

	fclose(*printed->stream);
	*printed->stream = printed->kept;
	text = printed->text;
	HOLDS(strlen(text) == printed->length && (!printed->length || text[printed->length - 1] == '\n'));
	while ((character = text_next(&text))) {
		HOLDS(character == '\n' || !text_is_control(character));
		lines += character == '\n';
	}
	free(printed->text);
	return lines;
}

static int report(const char *const *arguments, int nr)
{
	const char *argv[8] = { "faultline report" };
	struct printed messages, results;
	unsigned int lines;
	int status;

	memcpy(argv + 1, arguments, (size_t)nr * sizeof(*arguments));
	catch(&messages, &stderr);
	catch(&results, &stdout);
	program_name = argv[0];
	status = report_command.run(nr + 1, argv);
	check_printed(&results);
	lines = check_printed(&messages);
	HOLDS(status == EXIT_DONE || status == EXIT_CHECK_FAILED || status == EXIT_MISUSE);
	HOLDS(status == EXIT_DONE || lines == 1);
	return status;
}

/* Everything is written into a folder of this process, which goes with it. */
static char folder[PATH_MAX];

static int drop(const char *path, const struct stat *what, int type, struct FTW *where)
{
	(void)what, (void)type, (void)where;
	return remove(path);
}

static void drop_scratch(void)
{
	nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static void enter_scratch(void)
{
	static bool entered;

	if (entered)
		return;
	entered = true;
	HOLDS(mkdtemp(scratch_name(folder, "fuzz")) && !chdir(folder) && !mkdir("run", 0777) && !mkdir("plots", 0777) &&
	      !atexit(drop_scratch));
	for (unsigned int i = 0; i < NR_FILES; i++)
		write_file(i, 0, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const page[] = { "--plots", "--out", "page.html", "run" }, *const table[] = { "--table",
													 "run" };
	static unsigned int planted;
	const char *text = (const char *)data + 2;

	if (size < 2 || !is_text(text, size - 2))
		return 0;
	enter_scratch();
	unlink("page.html");
	write_file(planted, 0, NULL, 0);
	planted = data[0] % NR_FILES;
	write_file(planted, data[1], text, size - 2);
	if (!report(page, 4))
		check_page();
	report(table, 2);
	return 0;
}
