/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * planted_turns.c - a partner for `faultline bench --alternate SOCKET` that holds each turn for a while and checks
 * whether the other process runs meanwhile. Prints its number of turns, and how often the other did not wait. With
 * "hasty" it passes one turn too many, so that the other does not wait; on a loaded machine it may take its time to.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HOLD_MS		20	/* many repetitions of the test long */
#define HASTY_MS	60000	/* maximum: until the other one runs */

static int meet(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
		return -1;
	return accept(fd, NULL, NULL);
}

static int give(int other)
{
	return send(other, "", 1, MSG_NOSIGNAL) == 1;
}

int main(int argc, char **argv)
{
	int other = argc > 1 ? meet(argv[1]) : -1, hasty = argc > 2 && !strcmp(argv[2], "hasty");
	unsigned int turns = 0, early = 0;
	char byte;

	if (other < 0)
		return 2;
	if (hasty)
		give(other);
	while (give(other) && recv(other, &byte, 1, 0) == 1) {
		struct pollfd next = { .fd = other, .events = POLLIN };

		turns++;
		poll(&next, 1, hasty ? HASTY_MS : HOLD_MS);
		early += recv(other, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
	}
	printf("%u turns, %u not waited for\n", turns, early);
	return early != 0;
}
