/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_side.c - the live kernel's side: its processes are agents; what they and the administrator see is compared. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/conform/agent.h"
#include "bench/conform/live_files.h"
#include "bench/conform/live_frames.h"
#include "bench/conform/live_swap.h"
#include "core/faultline.h"

/* No lock: the controller's only. */
struct live_side {
	struct side side;
	struct agent_files files;
	long pages;
	bool all_locked[NR_PROCESSES];	/* the agent's own memory, too: it would be counted */
	long total_before;		/* pages of an agent without a window */
	bool looked;			/* what the last operation's process saw was asked for: it will be again */
	bool fresh[NR_PROCESSES];	/* its sight is that of now */
	bool touched[NR_FILES + 1];	/* files that a sequence used */
	bool pinned[NR_PINS];
	unsigned int pinned_by[NR_PINS];
	unsigned long collapsed_before;	/* live_frames_collapsed(), where huge pages are allowed */
};

static struct live_side *live_of(struct side *side)
{
	return container_of(side, struct live_side, side);
}

/* ---- what an agent shows ---- */
static void show_word(uint64_t word, struct page_state *page)
{
	static const struct { unsigned int from; uint16_t to; } bits[] = {
		{ 63, PAGE_PRESENT }, { 62, PAGE_SWAPPED }, { 61, PAGE_OF_FILE }, { 58, PAGE_GUARD },
		{ 56, PAGE_MAPPED_ONCE }, { 55, PAGE_SOFT_DIRTY },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
		if (word >> bits[i].from & 1)
			page->bits |= bits[i].to;
	if (page->bits & PAGE_PRESENT && word << 9)
		page->frame = (uint32_t)(word & ((UINT64_C(1) << 55) - 1)) + 1;
}

static void show_pages(const struct agent_sight *sight, long nr, struct page_state *pages)
{
	memset(pages, 0, (size_t)nr * sizeof(pages[0]));
	for (long i = 0; i < nr; i++) {
		if (sight->map[i])
			show_word(sight->map[i], &pages[i]);
		if (sight->incore[i] & 1)
			pages[i].bits |= PAGE_INCORE;
		if (nr >= LEAF_PAGES && sight->huge[i])
			pages[i].bits |= PAGE_HUGE;
	}
}

/* ---- operations ---- */
static void unpin(struct live_side *live, unsigned int pin)
{
	if (live->pinned[pin])
		live_unpin(&live->files, pin);
	live->pinned[pin] = false;
}

/* A process takes its pins with it. */
static long run_exit(struct live_side *live, unsigned int process)
{
	for (unsigned int i = 0; i < NR_PINS; i++)
		if (live->pinned_by[i] == process)
			unpin(live, i);
	agents_kill(process, process + 1);
	return 0;
}

/* The next request is answered with a look, if there was need of one after the last operation. */
static void look_too(struct live_side *live, unsigned int process)
{
	struct exchange *exchange = agent_exchange(process);

	exchange->look_too = live->looked;
	exchange->thorough = live->side.thorough;
}

static long run_fork(struct live_side *live, const struct op *op)
{
	long ret;

	look_too(live, op->process);
	live->all_locked[op->to] = false;
	ret = agent_fork(op->process, (unsigned int)op->to);
	live->fresh[op->process] = live->looked && ret != -ESRCH;
	live->fresh[op->to] = live->looked && !ret;
	return ret == -ESRCH ? RESULT_DEAD : ret;
}

static long ask_to_run(struct live_side *live, const struct op *op)
{
	struct exchange *exchange = agent_exchange(op->process);

	exchange->request = AGENT_RUN;
	exchange->op = *op;
	if (op->kind == OP_PROCESS_MADVISE)
		exchange->other = agent_exchange((unsigned int)op->to)->pid;
	look_too(live, op->process);
	if (!agent_ask(op->process))
		return RESULT_DEAD;
	live->fresh[op->process] = live->looked;
	return exchange->result;
}

static bool reclaims(int advice)
{
	return advice == MADV_PAGEOUT || advice == MADV_FREE || advice == MADV_COLD;
}

/* What reclaimers do after the call is over by then: writeback, and batches that hold references. */
static long run_reclaim(struct live_side *live, const struct op *op)
{
	unsigned int process = op->kind == OP_PROCESS_MADVISE ? (unsigned int)op->to : op->process;
	const struct agent_sight *sight = &agent_exchange(process)->sight;
	static struct page_state before[WINDOW_PAGES_MAX];
	long ret;

	show_pages(sight, live->pages, before);
	live->looked = false;
	ret = ask_to_run(live, op);
	if (live->side.knows.mapcounts)
		live_frames_settle(before, live->pages);
	return ret;
}

/* A pin that is there already is replaced. */
static long run_pin(struct live_side *live, const struct op *op)
{
	long ret;

	unpin(live, (unsigned int)op->to);
	ret = ask_to_run(live, op);
	live->pinned[op->to] = !ret;
	live->pinned_by[op->to] = op->process;
	return ret;
}

static long run_mlockall(struct live_side *live, const struct op *op)
{
	long ret = ask_to_run(live, op);

	if (!ret)
		live->all_locked[op->process] = op->kind == OP_MLOCKALL &&
						(op->flags & MCL_CURRENT || live->all_locked[op->process]);
	return ret;
}

static long live_run(struct side *side, const struct op *op)
{
	struct live_side *live = live_of(side);

	live_frames_forget();
	memset(live->fresh, 0, sizeof(live->fresh));
	if (op->file)
		live->touched[op->file] = true;
	switch (op->kind) {
	case OP_FORK:
		return run_fork(live, op);
	case OP_EXIT:
		return run_exit(live, op->process);
	case OP_TRUNCATE:
		return live_file_truncate(&live->files, op->file, op->pages);
	case OP_PIN:
		return run_pin(live, op);
	case OP_UNPIN:
		unpin(live, (unsigned int)op->to);
		return 0;
	case OP_MLOCKALL:
	case OP_MUNLOCKALL:
		return run_mlockall(live, op);
	case OP_MADVISE:
	case OP_PROCESS_MADVISE:
		return live->side.swap && reclaims(op->advice) ? run_reclaim(live, op) : ask_to_run(live, op);
	default:
		return ask_to_run(live, op);
	}
}

/* ---- states ---- */
/* The pages of a leaf have the exclusive mark of its first page. */
static void show_leaves(long nr, struct page_state *pages, unsigned long start)
{
	for (long i = 0; i < nr; i++)
		if (pages[i].bits & PAGE_HUGE)
			pages[i].bits |= pages[i - (long)(start / WINDOW_PAGE + (unsigned long)i) % LEAF_PAGES].bits &
					 PAGE_ANON_EXCLUSIVE;
}

/* Returns false if the process is dead. */
static bool see(struct live_side *live, unsigned int process)
{
	struct exchange *exchange = agent_exchange(process);

	live->looked = true;
	if (live->fresh[process] && exchange->sight.detailed >= live->side.thorough)
		return true;
	exchange->request = AGENT_LOOK;
	exchange->look_too = true;
	exchange->thorough = live->side.thorough;
	live->fresh[process] = agent_ask(process);
	return live->fresh[process];
}

/* RSS is what pages show: the kernel's counts are of the agent's own memory, too, which comes and goes. */
static void show_counts(struct live_side *live, unsigned int process, struct process_state *state)
{
	const struct agent_sight *sight = &agent_exchange(process)->sight;

	state->rss_anon = state->rss_file = state->rss_shmem = state->swap_entries = state->locked = -1;
	state->total = -1;
	state->detailed = sight->detailed;
	if (!sight->detailed)
		return;
	if (!live->all_locked[process])
		state->locked = sight->locked;
	state->total = sight->total - live->total_before;
	memcpy(state->sizes, sight->sizes, sizeof(state->sizes));
}

static void live_look(struct side *side, unsigned int process, struct process_state *state)
{
	struct live_side *live = live_of(side);
	struct exchange *exchange = agent_exchange(process);

	if (!see(live, process)) {
		state->nr_vmas = 0;
		memset(state->pages, 0, (size_t)live->pages * sizeof(state->pages[0]));
		exchange->sight.detailed = false;
	}
	show_counts(live, process, state);
	if (!exchange->alive)
		return;
	state->nr_vmas = exchange->sight.nr_vmas;
	memcpy(state->vmas, exchange->sight.vmas, state->nr_vmas * sizeof(state->vmas[0]));
	show_pages(&exchange->sight, live->pages, state->pages);
	if (side->knows.mapcounts)
		live_frames_look(state->pages, live->pages);
	if (live->pages >= LEAF_PAGES)
		show_leaves(live->pages, state->pages, window_start(live->pages));
}

static void live_contents(struct side *side, unsigned int process, const unsigned char *wanted, int *bytes)
{
	struct live_side *live = live_of(side);
	struct exchange *exchange = agent_exchange(process);

	live_frames_forget();
	memset(live->fresh, 0, sizeof(live->fresh));
	exchange->request = AGENT_CONTENTS;
	exchange->look_too = false;
	memcpy(exchange->wanted, wanted, (size_t)live->pages);
	if (agent_ask(process))
		memcpy(bytes, exchange->bytes, (size_t)live->pages * sizeof(bytes[0]));
	else
		memset(bytes, -1, (size_t)live->pages * sizeof(bytes[0]));
}

/* ---- sequences ---- */

/*
 * Process 0 is used again, unless it is dead, something in its window cannot be unmapped, or a count is not what it
 * was: Linux counts pages as locked for good that mremap() with MREMAP_DONTUNMAP moved out of a locked VMA.
 */
static bool clean(struct live_side *live)
{
	struct exchange *exchange = agent_exchange(0);
	const struct agent_sight *sight = &exchange->sight;

	exchange->request = AGENT_CLEAN;
	exchange->look_too = exchange->thorough = true;
	exchange->huge = live->side.huge;
	return agent_ask(0) && !exchange->result && sight->locked <= 0 &&
	       (sight->total == live->total_before || !live->side.knows.rss);
}

static void renew_process(struct live_side *live)
{
	agents_kill(0, 1);
	agent_exchange(SEED)->look_too = false;
	BUG_ON(agent_fork(SEED, 0));
	BUG_ON(!clean(live));
}

static void live_reset(struct side *side, long pages)
{
	struct live_side *live = live_of(side);

	for (unsigned int i = 0; i < NR_PINS; i++)
		unpin(live, i);
	agents_kill(1, NR_PROCESSES);
	if (!clean(live))
		renew_process(live);
	for (unsigned int i = 1; i <= NR_FILES; i++)
		if (live->touched[i])
			live_file_renew(&live->files, i);
	memset(live->touched, 0, sizeof(live->touched));
	memset(live->fresh, 0, sizeof(live->fresh));
	memset(live->all_locked, 0, sizeof(live->all_locked));
	live_frames_forget();
	live->pages = pages;
	live->collapsed_before = side->huge ? live_frames_collapsed() : 0;
	for (unsigned int i = 0; i < NR_PROCESSES; i++)
		agent_exchange(i)->pages = pages;
}

static unsigned long live_collapsed(struct side *side)
{
	return side->huge ? live_frames_collapsed() - live_of(side)->collapsed_before : 0;
}

static void live_end(struct side *side)
{
	struct live_side *live = live_of(side);

	agents_end();
	live_files_close(&live->files);
	if (side->knows.mapcounts)
		live_frames_close();
}

/* ---- what the system shows ---- */

/* A page is written to and looked at: bits that no build of the kernel without them sets, and what only root sees. */
static void find_out(struct live_side *live)
{
	static const struct op ops[] = {
		{ .kind = OP_MMAP, .pages = 1, .prot = PROT_READ | PROT_WRITE,
		  .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED },
		{ .kind = OP_WRITE, .byte = 1 },
	};
	static struct process_state state;
	struct side_knows *knows = &live->side.knows;

	live->side.thorough = true;
	live_reset(&live->side, 1);
	live_look(&live->side, 0, &state);
	live->total_before = state.total;
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		live_run(&live->side, &ops[i]);
	live_look(&live->side, 0, &state);
	knows->page_bits = PAGE_PRESENT | PAGE_SWAPPED | PAGE_OF_FILE | PAGE_GUARD | PAGE_MAPPED_ONCE | PAGE_INCORE |
			   (state.pages[0].bits & PAGE_SOFT_DIRTY) | PAGE_HUGE;
	knows->vm_flags = state.vmas[0].vm_flags & VMA_MAYREAD ? ~0u : 0;
	/* A sanitizer's own memory is counted, too, and comes and goes. */
	knows->rss = state.total == 1 && !FAULTLINE_PLAIN_ALLOC;
	knows->sizes = state.sizes[SIZE_PSS] == WINDOW_PAGE / 1024;
	knows->frames = state.pages[0].frame;
	knows->mapcounts = knows->frames && live_frames_open();
	if (knows->mapcounts)
		knows->page_bits |= PAGE_ZEROES | PAGE_ANON_EXCLUSIVE;
	live->side.thorough = false;
	live_reset(&live->side, 1);
}

struct side *live_side(const char **why)
{
	static struct live_side live;

	live = (struct live_side){
		.side = {
			.name = "live",
			.reset = live_reset,
			.run = live_run,
			.look = live_look,
			.contents = live_contents,
			.collapsed = live_collapsed,
			.end = live_end,
		},
	};
	*why = live_files_open(&live.files);
	if (*why)
		return NULL;
	*why = agents_start(&live.files);
	if (*why) {
		live_files_close(&live.files);
		return NULL;
	}
	live.side.swap = live_has_swap();
	find_out(&live);
	return &live.side;
}
