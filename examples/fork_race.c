/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork_race.c - two threads write to the pages that a parent and its fork share; what is left must be consistent. */
#include <faultline/faultline.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NR_PAGES	4096ul
#define START		0x40000000ul

static void write_pages(struct mm_struct *mm)
{
	for (unsigned long i = 0; i < NR_PAGES; i++)
		if (do_user_addr_fault(mm, START + i * PAGE_SIZE, FAULT_FLAG_WRITE))
			abort();
}

static void *writer(void *mm)
{
	if (cpu_register(0, MEM_LOCAL, 1))
		abort();
	write_pages(mm);
	frame_drain_cpu();
	cpu_unregister();
	return NULL;
}

int main(void)
{
	const struct machine_config config = { .nr_nodes = 1, .frames_per_node = 4 * NR_PAGES };
	struct mm_struct *mms[2];	/* the parent, its fork */
	pthread_t threads[2];
	unsigned int points = 0, detectors = 0;
	struct leaks leaks;
	char why[256];

	if (faultline_start(&config) || cpu_register(0, MEM_LOCAL, 1) ||
	    !(mms[0] = mm_create(&policy_default()->policy)))
		return 1;
	if (sys_mmap(mms[0], START, NR_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)START)
		return 1;
	write_pages(mms[0]);
	if (sys_fork(mms[0], &mms[1]))
		return 1;

	rcu_offline();			/* while this thread sleeps, grace periods do not wait for it */
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, writer, mms[i]))
			return 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	rcu_online();

	rcu_barrier();
	if (!oracle_at_rest(mms, 2, why, sizeof(why))) {
		fprintf(stderr, "fork_race: %s\n", why);
		return 1;
	}
	for (int i = 0; i < 2; i++)
		mm_exit(mms[i]);
	frame_drain_cpu();
	leaks = faultline_stop();
	while (syncpoint_get(points))
		points++;
	while (detector_get(detectors))
		detectors++;
	printf("fork_race: %lu pages, %llu copied, %llu reused, %lu frames leaked; %u sync points, %u detectors\n",
	       NR_PAGES, (unsigned long long)events_total(EV_COW_COPY), (unsigned long long)events_total(EV_COW_REUSE),
	       leaks.frames, points, detectors);
	cpu_unregister();
	return leaks.frames || leaks.vmas || leaks.anon_vmas || leaks.slots || leaks.bytes;
}
