/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - sets up and tears down the two address ranges of the simulated machine. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/cpu.h"
#include "core/host/arena.h"
#include "core/host/topology.h"
#include "core/phys/buddy.h"
#include "core/phys/deferred_split.h"
#include "core/phys/frame.h"
#include "core/phys/lru.h"
#include "core/phys/pcp.h"

#define RANGE_ALIGN	(2ul << 20)	/* a huge page of the host lies on one node */

_Static_assert(MAX_NODES <= ARENA_MAX_NODES, "every node of the machine has an arena");

static void *reserve(size_t size)
{
	char *p = mmap(NULL, size + RANGE_ALIGN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *start;

	if (p == MAP_FAILED)
		return NULL;
	start = (char *)ALIGN_UP((uintptr_t)p, RANGE_ALIGN);
	if (start > p)
		munmap(p, (size_t)(start - p));
	if (p + RANGE_ALIGN > start)
		munmap(start + size, (size_t)(p + RANGE_ALIGN - start));
	return start;
}

static size_t frames_size(void)
{
	return machine.max_pfn << FRAME_SHIFT;
}

static size_t vmemmap_size(void)
{
	return machine.max_pfn * sizeof(struct page);
}

/* A node has at least 1 << MAX_ORDER pfns, so each of its parts is whole pages of the host. */
static void bind_node(unsigned int nid)
{
	size_t frames = FRAME_SIZE << machine.node_shift, pages = sizeof(struct page) << machine.node_shift;

	topology_bind_memory(machine.frames + nid * frames, frames, nid);
	topology_bind_memory((char *)machine.vmemmap + nid * pages, pages, nid);
}

static int machine_map(void)
{
	machine.frames = reserve(frames_size());
	if (!machine.frames)
		return -ENOMEM;
	machine.vmemmap = reserve(vmemmap_size());
	if (!machine.vmemmap) {
		munmap(machine.frames, frames_size());
		return -ENOMEM;
	}
	madvise(machine.frames, frames_size(), machine.payload == FRAME_SIZE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	madvise(machine.vmemmap, vmemmap_size(), MADV_NOHUGEPAGE);
	for (unsigned int nid = 0; nid < machine.nr_nodes; nid++)
		bind_node(nid);
	return 0;
}

static void machine_unmap(void)
{
	munmap(machine.vmemmap, vmemmap_size());
	munmap(machine.frames, frames_size());
}

static bool config_ok(const struct machine_config *config)
{
	return config->nr_nodes >= 1 && config->nr_nodes <= MAX_NODES && config->frames_per_node >= 2 &&
	       config->frames_per_node <= (1ul << 32) / MAX_NODES &&
	       (config->payload == 0 || config->payload == CACHE_LINE || config->payload == FRAME_SIZE);
}

/*
 * A thread's list keeps up to 1/128 of a node, so that threads that free what they allocate share no line. Other
 * threads cannot use frames on it: a hundred threads leave them some.
 */
static void machine_configure(const struct machine_config *config)
{
	unsigned int batch = (unsigned int)max(1ul, min((unsigned long)MAX_BATCH, config->frames_per_node / 128));
	unsigned int shift = MAX_ORDER;

	while (1ul << shift < config->frames_per_node)
		shift++;
	machine = (struct machine){
		.nr_nodes = config->nr_nodes,
		.node_shift = shift,
		.payload = config->payload,
		.frames_per_node = config->frames_per_node,
		.nr_frames = config->nr_nodes * config->frames_per_node - 1,
		.max_pfn = (unsigned long)config->nr_nodes << shift,
		.pcp_batch = batch,
		.pcp_high = max(3 * batch, (unsigned int)min(PCP_CAPACITY - 1ul, config->frames_per_node / 128)),
	};
}

static void fill_nodes(void)
{
	page_set_type(pfn_to_page(0), PAGE_RESERVED);
	for (unsigned int nid = 0; nid < machine.nr_nodes; nid++) {
		unsigned long first = (unsigned long)nid << machine.node_shift;

		buddy_init_node(nid, first ? first : 1, first + machine.frames_per_node);
	}
}

int machine_init(const struct machine_config *config)
{
	int err;

	if (!config_ok(config))
		return -EINVAL;
	if (machine.frames)
		return -EBUSY;
	machine_configure(config);
	err = machine_map();
	if (err)
		goto none;
	err = pcp_init();
	if (err)
		goto unmap;
	deferred_split_init();
	lru_init();
	fill_nodes();
	return 0;
unmap:
	machine_unmap();
none:
	memset(&machine, 0, sizeof(machine));
	return err;
}

unsigned long machine_exit(void)
{
	unsigned long lost;

	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++)
		pcp_drain(cpu);
	for (unsigned int nid = 0; nid < machine.nr_nodes; nid++)
		buddy_check(nid);
	lost = machine.nr_frames - machine_free_frames();
	pcp_exit();
	machine_unmap();
	memset(&machine, 0, sizeof(machine));
	return lost;
}

unsigned long machine_free_frames(void)
{
	unsigned long sum = pcp_free_frames();

	for (unsigned int nid = 0; nid < machine.nr_nodes; nid++)
		sum += buddy_free_frames(nid);
	return sum;
}
