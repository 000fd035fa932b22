/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reach.c - linked into programs built with -finstrument-functions: the file REACH of the environment becomes a list of
 * the functions that were called, each by its offset in the program, once. Processes that a program forks add to it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_FUNCTIONS	(1u << 16)
#define MAX_TEXT	(1u << 26)

#define NOT_TRACED	__attribute__((no_instrument_function))

/* The file. Lock key: (A) atomic */
struct reach {
	uint32_t nr;				/* (A) */
	uint32_t functions[MAX_FUNCTIONS];	/* (A) */
	uint8_t seen[MAX_TEXT];			/* (A) by offset */
};

static struct reach *reach;
extern const char __executable_start[];

__attribute__((constructor)) NOT_TRACED static void begin(void)
{
	const char *path = getenv("REACH");
	int fd = path ? open(path, O_RDWR | O_CREAT, 0644) : -1;
	void *map;

	if (fd < 0 || ftruncate(fd, sizeof(struct reach)))
		return;
	map = mmap(NULL, sizeof(struct reach), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	reach = map == MAP_FAILED ? NULL : map;
}

NOT_TRACED void __cyg_profile_func_enter(void *function, void *site);
NOT_TRACED void __cyg_profile_func_exit(void *function, void *site);

void __cyg_profile_func_enter(void *function, void *site)
{
	uint32_t offset = (uint32_t)((const char *)function - __executable_start), nr;

	(void)site;
	if (!reach || offset >= MAX_TEXT || __atomic_load_n(&reach->seen[offset], __ATOMIC_RELAXED) ||
	    __atomic_exchange_n(&reach->seen[offset], 1, __ATOMIC_RELAXED))
		return;
	nr = __atomic_fetch_add(&reach->nr, 1, __ATOMIC_RELAXED);
	if (nr < MAX_FUNCTIONS)
		__atomic_store_n(&reach->functions[nr], offset, __ATOMIC_RELAXED);
}

void __cyg_profile_func_exit(void *function, void *site)
{
	(void)function;
	(void)site;
}
