/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork_storm.c - threads that fork one address space, while others write to it and change it. */
#include "tests/lib/storm/fork_storm.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/family.h"
#include "tests/lib/storm/storm_stop.h"

#define MAX_WRITERS	8
#define WORDS		4	/* of each writer, one in each table; the middle ones are of different VMAs */
#define CHANGED		(AREA + 8 * PMD_SIZE)	/* where changers map and unmap */
#define CHANGED_PAGES	12
#define KEPT		3	/* children of a forker that live at one time */

/* (C) while threads run, but for (A) */
struct run {
	const struct fork_storm *storm;
	struct mm_struct *parent;
	uint64_t words[MAX_WRITERS][WORDS];		/* each its writer's: what it wrote last */
	uint32_t forking;				/* (A) forkers that are not done */
	struct fork_storm_met met;			/* (A) */
};

/* A forker's child, and what it held when it was forked. */
struct kept {
	struct mm_struct *mm;
	uint64_t words[MAX_WRITERS][WORDS];
};

static unsigned long below(unsigned long n)
{
	return rng_below(&this_cpu->rng, n);
}

static unsigned long word_addr(unsigned int writer, unsigned int word)
{
	return AREA + word * PMD_SIZE + writer * PAGE_SIZE;
}

/*
 * The word at @addr, if the entry allows it: read, or compared with @expected and written. False: a fault is needed
 * first. As a processor would, so it waits neither for mmap_lock nor for a VMA lock. Locking: no thread unmaps these
 * addresses.
 */
static bool access_word(struct mm_struct *mm, unsigned long addr, bool write, uint64_t expected, uint64_t *value)
{
	struct mapped_entry entry;
	uint64_t *word;
	bool done;

	if (!mapped_entry_lock(&entry, &mm->pt, addr))
		return false;
	done = pte_accessible(entry.pte) && (!write || pte_write(entry.pte));
	if (done) {
		word = page_payload(pte_page(entry.pte));
		if (write && !PageAnonExclusive(entry.owner))
			BUG("a page at %lx may be written to, and is not exclusive", addr);
		if (write && *word != expected)
			BUG("the word at %lx is %lu, its writer wrote %lu", addr, (unsigned long)*word,
			    (unsigned long)expected);
		if (write)
			*word = *value;
		else
			*value = *word;
	}
	mapped_entry_unlock(&entry);
	return done;
}

static void write_word(struct mm_struct *mm, unsigned long addr, uint64_t expected, uint64_t value)
{
	bool done;

	do {
		write_at(mm, addr);
		done = access_word(mm, addr, true, expected, &value);
	} while (!done);
}

static uint64_t read_word(struct mm_struct *mm, unsigned long addr)
{
	uint64_t value;

	do {
		read_at(mm, addr);
	} while (!access_word(mm, addr, false, 0, &value));
	return value;
}

static void write_on(struct run *run, unsigned int writer)
{
	uint64_t *words = run->words[writer];

	while (load_acquire(&run->forking)) {
		for (unsigned int i = 0; i < WORDS; i++) {
			write_word(run->parent, word_addr(writer, i), words[i], words[i] + 1);
			words[i]++;
		}
		rcu_quiescent();
	}
}

/* ---- forkers ---- */

static void look(struct run *run, struct kept *child)
{
	for (unsigned int w = 0; w < run->storm->writers; w++) {
		uint64_t *words = child->words[w];

		for (unsigned int i = 0; i < WORDS; i++)
			words[i] = read_word(child->mm, word_addr(w, i));
		for (unsigned int i = 1; i < WORDS; i++)
			if (words[i] > words[i - 1] || words[i] + 1 < words[0])
				BUG("a child of no moment: word %u of writer %u is %lu, the first %lu, the one before "
				    "%lu",
				    i, w, (unsigned long)words[i], (unsigned long)words[0],
				    (unsigned long)words[i - 1]);
		if (words[0] != words[WORDS - 1])
			fetch_add_relaxed(&run->met.amid, 1ul);
	}
}

static void look_again(struct run *run, const struct kept *child)
{
	for (unsigned int w = 0; w < run->storm->writers; w++)
		for (unsigned int i = 0; i < WORDS; i++)
			if (read_word(child->mm, word_addr(w, i)) != child->words[w][i])
				BUG("a child's word %u of writer %u has changed from %lu", i, w,
				    (unsigned long)child->words[w][i]);
}

/* A child writes too; its own count goes on from what it was. */
static void write_some(struct run *run, struct kept *child)
{
	unsigned int w = (unsigned int)below(run->storm->writers), i = (unsigned int)below(WORDS);
	uint64_t *word = &child->words[w][i];

	write_word(child->mm, word_addr(w, i), *word, *word + 1000);
	*word += 1000;
}

static void end_child(struct run *run, struct kept *child)
{
	look_again(run, child);
	mm_exit(child->mm);
	child->mm = NULL;
}

/* A child of the parent, or of the child in another slot, then with all it holds. */
static void begin_child(struct run *run, struct kept *child, const struct kept *other)
{
	if (other->mm && below(2)) {
		memcpy(child->words, other->words, sizeof(child->words));
		child->mm = fork_mm(other->mm);
		look_again(run, child);
		fetch_add_relaxed(&run->met.grandchildren, 1ul);
	} else {
		child->mm = fork_mm(run->parent);
		look(run, child);
	}
	fetch_add_relaxed(&run->met.forks, 1ul);
}

static void fork_on(struct run *run)
{
	struct kept kept[KEPT] = { { .mm = NULL } };

	for (unsigned long n = 0; n < run->storm->forks; n++) {
		struct kept *child = &kept[n % KEPT];

		if (child->mm)
			end_child(run, child);
		begin_child(run, child, &kept[below(KEPT)]);
		if (below(2))
			write_some(run, child);
		rcu_quiescent();
	}
	for (unsigned int i = 0; i < KEPT; i++)
		if (kept[i].mm)
			end_child(run, &kept[i]);
	fetch_sub_release(&run->forking, 1u);
}

/* ---- changers ---- */

static void change(struct mm_struct *mm)
{
	static const int prots[] = { READ_WRITE, READ_WRITE, PROT_READ, PROT_NONE };
	static const int advices[] = { MADV_DONTNEED, MADV_POPULATE_WRITE, MADV_POPULATE_READ, MADV_GUARD_INSTALL,
				       MADV_GUARD_REMOVE };
	unsigned long page = below(CHANGED_PAGES), addr = CHANGED + page * PAGE_SIZE;
	unsigned long len = (1 + below(CHANGED_PAGES - page)) * PAGE_SIZE;

	switch (below(8)) {
	case 0:
		sys_munmap(mm, addr, len);
		break;
	case 1:
		sys_mmap(mm, addr, len, prots[below(ARRAY_SIZE(prots))], ANON | MAP_FIXED, 0);
		break;
	case 2:
		sys_mprotect(mm, addr, len, prots[below(ARRAY_SIZE(prots))]);
		break;
	case 3:
		sys_madvise(mm, addr, len, advices[below(ARRAY_SIZE(advices))]);
		break;
	default:
		do_user_addr_fault(mm, addr, below(3) ? FAULT_FLAG_WRITE : 0);
	}
}

/* ---- walkers ---- */

/* A word's page, wherever it is by the time it is walked from. */
static struct folio *any_folio(struct run *run)
{
	unsigned long at = word_addr((unsigned int)below(run->storm->writers), (unsigned int)below(WORDS));
	struct mapped_entry entry;

	if (!mapped_entry_lock(&entry, &run->parent->pt, at))
		return NULL;
	mapped_entry_unlock(&entry);
	return pte_present(entry.pte) ? folio_get_anon_by_pfn(pte_pfn(entry.pte)) : NULL;
}

static void walk_on(struct run *run)
{
	while (load_acquire(&run->forking)) {
		struct folio *folio = any_folio(run);
		unsigned long vm_flags;

		if (folio) {
			int vmas = folio_referenced(folio, false, &vm_flags);

			fetch_add_relaxed(&run->met.walks, 1ul);
			fetch_add_relaxed(&run->met.shared, vmas > 1 ? 1ul : 0ul);
			folio_put(folio);
		}
		rcu_quiescent();
	}
}

static void change_on(struct run *run)
{
	while (load_acquire(&run->forking)) {
		change(run->parent);
		rcu_quiescent();
	}
}

static void storm_thread(void *arg, unsigned int index)
{
	struct run *run = arg;
	const struct fork_storm *storm = run->storm;

	if (index < storm->writers)
		write_on(run, index);
	else if ((index -= storm->writers) < storm->forkers)
		fork_on(run);
	else if (index - storm->forkers < storm->changers)
		change_on(run);
	else
		walk_on(run);
	frame_drain_cpu();
}

/* ---- the storm ---- */

struct fork_storm fork_storm_default(const struct mm_policy *policy)
{
	return (struct fork_storm){
		.policy = *policy, .writers = 2, .forkers = 2, .changers = 1, .walkers = 1, .forks = 200, .noise = 50,
		.seed = 1,
	};
}

static struct mm_struct *make_parent(const struct mm_policy *policy)
{
	struct mm_struct *mm = mm_create(policy);

	BUG_ON(!mm);
	for (unsigned int i = 0; i < 2; i++)
		BUG_ON(sys_mmap(mm, AREA + i * 2 * PMD_SIZE, 2 * PMD_SIZE, READ_WRITE, ANON | MAP_FIXED, i + 1) < 0);
	return mm;
}

bool fork_storm_run(const struct fork_storm *storm, struct fork_storm_met *met, char *why, size_t why_size)
{
	static struct run run;
	bool good;

	BUG_ON(storm->writers > MAX_WRITERS);
	run = (struct run){ .storm = storm, .forking = storm->forkers };
	run_seed = storm->seed;
	BUG_ON(faultline_start(
		&(struct machine_config){ .nr_nodes = 1, .frames_per_node = 16384, .payload = CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, storm->seed));
	run.parent = make_parent(&storm->policy);
	syncpoint_noise(storm->noise);
	threads_run(storm->writers + storm->forkers + storm->changers + storm->walkers, storm_thread, &run);
	syncpoint_noise(0);
	rcu_barrier();
	good = oracle_at_rest(&run.parent, 1, why, why_size);
	if (good)
		mm_exit(run.parent);
	*met = run.met;
	return storm_stop(good, why, why_size);
}
