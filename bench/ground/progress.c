/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - the line that changes. */
#include "bench/ground/progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_BETWEEN_LINES	5.0	/* into a file */
#define SECONDS_BETWEEN_CHANGES	0.1	/* on a terminal */

/* A thread that reports an error ends the line. Lock key: (M) mutex */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static double shown_at;		/* (M) 0: nothing yet; a file gets its first line later */
static bool on_screen;		/* (M) */

double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int screen_width(void)
{
	struct winsize size;

	return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col > 20 ? size.ws_col : 80;
}

static void show(const char *text, bool terminal)
{
	if (terminal)
		fprintf(stderr, "\r\033[K%.*s", screen_width() - 1, text);
	else
		fprintf(stderr, "%s\n", text);
	on_screen = terminal;
	fflush(stderr);
}

void progress_show(const char *fmt, ...)
{
	bool terminal = isatty(STDERR_FILENO);
	double now = now_seconds();
	char text[512];
	va_list ap;

	pthread_mutex_lock(&mutex);
	if (!terminal && shown_at == 0)
		shown_at = now;
	if (now - shown_at >= (terminal ? SECONDS_BETWEEN_CHANGES : SECONDS_BETWEEN_LINES)) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		shown_at = now;
		show(text, terminal);
	}
	pthread_mutex_unlock(&mutex);
}

void progress_end(void)
{
	pthread_mutex_lock(&mutex);
	if (on_screen)
		fputs("\r\033[K", stderr);
	on_screen = false;
	shown_at = 0;
	pthread_mutex_unlock(&mutex);
}

void format_duration(char *text, size_t size, double seconds)
{
	unsigned int whole = seconds > 0 ? (unsigned int)(seconds + 0.5) : 0;

	snprintf(text, size, "%u:%02u", whole / 60, whole % 60);
}
