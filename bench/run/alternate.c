/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alternate.c - two processes pass a byte through a socket: the holder measures. */
#include "bench/run/alternate.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/ground/command.h"
#include "core/faultline.h"

#define RETRY_USEC	2000	/* the socket exists, but its creator does not listen yet */

/* Lock key: (T) main thread */
static struct {
	int other;		/* (T) socket; -1 alone */
	bool ours;		/* (T) */
} alternation = { .other = -1 };

/* The first one: waits for the other, and begins. */
static int alternate_lead(int listener)
{
	struct pollfd asked = { .fd = listener, .events = POLLIN };

	if (listen(listener, 1))
		return fail("--alternate: %s", strerror(errno));
	if (poll(&asked, 1, ALTERNATE_PATIENCE * 1000) != 1)
		return fail("--alternate: no partner within %d s", ALTERNATE_PATIENCE);
	alternation.other = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	alternation.ours = true;
	return alternation.other < 0 ? fail("--alternate: %s", strerror(errno)) : 0;
}

/* Removes the socket, so that the next pair can use @address. */
static int alternate_follow(int fd, const struct sockaddr_un *address)
{
	for (int tries = 1; connect(fd, (const struct sockaddr *)address, sizeof(*address)); tries++) {
		if (errno != ECONNREFUSED || tries * (double)RETRY_USEC > 1e6)
			return complain("--alternate: %s: %s", address->sun_path, strerror(errno));
		usleep(RETRY_USEC);
	}
	unlink(address->sun_path);
	alternation.other = dup(fd);
	alternation.ours = false;
	return alternation.other < 0 ? fail("--alternate: %s", strerror(errno)) : 0;
}

int alternate_begin(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, status;

	if (strlen(path) >= sizeof(address.sun_path))
		return complain("--alternate: the name of the socket is too long: '%s'", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("--alternate: %s", strerror(errno));
	if (!bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		status = alternate_lead(fd);
		if (status)
			unlink(path);
	} else if (errno == EADDRINUSE) {
		status = alternate_follow(fd, &address);
	} else {
		status = complain("--alternate: %s: %s", path, strerror(errno));
	}
	close(fd);
	return status;
}

void alternate_take(void)
{
	char byte;

	if (alternation.other < 0 || alternation.ours)
		return;
	if (recv(alternation.other, &byte, 1, 0) == 1)
		alternation.ours = true;
	else
		alternate_end();
}

void alternate_pass(void)
{
	if (alternation.other < 0)
		return;
	alternation.ours = false;
	if (send(alternation.other, "", 1, MSG_NOSIGNAL) != 1)
		alternate_end();
}

void alternate_end(void)
{
	if (alternation.other >= 0)
		close(alternation.other);
	alternation.other = -1;
}
