/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_ref.c - the lockless lookup from a folio to its anon_vma: side B of the protocol in anon_vma.h. */
#include "core/base/cpu.h"
#include "core/base/poison.h"
#include "core/mm/anon_vma.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(ANON_VMA_WAIT, "rmap readers that waited for an anon_vma's lock");
DEFINE_EVENT(ANON_VMA_DEAD, "anon_vmas found by a folio, but dead");
DEFINE_EVENT(ANON_VMA_UNMAPPED, "anon_vmas locked or referenced, then dropped: the folio was unmapped");
DEFINE_EVENT(ANON_VMA_MOVED, "anon_vmas locked or referenced, then dropped: the folio names another");

/* ---- in check builds: the reader's anon_vma, compared under the lock and at the unlock ---- */
#if FAULTLINE_CHECK
/* (T) one anon_vma at a time */
static _Thread_local struct {
	const struct anon_vma *anon_vma;
	uint64_t life;
} reader_found;

static uint64_t life_of(const struct anon_vma *anon_vma)
{
	return load_relaxed(&anon_vma->life);
}

/* @life was read before the folio was found mapped: its anon_vma was alive then. */
static void check_life(const struct anon_vma *anon_vma, uint64_t life, const char *when)
{
	if (life_of(anon_vma) != life || !load_relaxed(&anon_vma->refcount))
		BUG_BY("lives", "anon_vma %p %s: life %lu, was %lu, %u references", (const void *)anon_vma, when,
		       (unsigned long)life_of(anon_vma), (unsigned long)life, load_relaxed(&anon_vma->refcount));
}

static void reader_enter(const struct anon_vma *anon_vma, uint64_t life)
{
	check_life(anon_vma, life, "is not what the folio was mapped through");
	reader_found.anon_vma = anon_vma;
	reader_found.life = life;
}

static void reader_leave(const struct anon_vma *anon_vma)
{
	if (reader_found.anon_vma != anon_vma)
		return;
	check_life(anon_vma, reader_found.life, "died under its reader");
	reader_found.anon_vma = NULL;
}
#else
static inline uint64_t life_of(const struct anon_vma *anon_vma) { (void)anon_vma; return 0; }
static inline void check_life(const struct anon_vma *anon_vma, uint64_t life, const char *when)
{
	(void)anon_vma, (void)life, (void)when;
}
static inline void reader_enter(const struct anon_vma *anon_vma, uint64_t life) { (void)anon_vma, (void)life; }
static inline void reader_leave(const struct anon_vma *anon_vma) { (void)anon_vma; }
#endif

/* ---- the two checks ---- */

DEFINE_KNOCKOUT(ANON_REF_FIRST,
	.name = "anon-ref:first",
	.removes = "the check that a folio is mapped before its anon_vma is used",
	.breaks = "a reader in freed memory",
	.detected_by = "poison, AddressSanitizer: knockout.anon_vma",
	.hunt = "stress anon_vma_churn --noise 100 --policy linux-6.15,anon_vma=call_rcu");

static bool mapped_at_first(const struct folio *folio)
{
	return folio_mapped(folio) || KNOCKED_OUT(ANON_REF_FIRST);
}

/*
 * B1. The mapping of an unmapped folio may point to memory that was freed before this reader came, so not even its
 * life is read. And the life read was the right one's only if the folio is mapped afterwards, too. Locking: RCU.
 */
static struct anon_vma *first_check(const struct folio *folio, uint64_t *life)
{
	struct anon_vma *anon_vma = folio_anon_vma(folio);

	if (!anon_vma || !mapped_at_first(folio))
		return NULL;
	*life = life_of(anon_vma);
	return !FAULTLINE_CHECK || mapped_at_first(folio) ? anon_vma : NULL;
}

enum check { CHECK_SAME, CHECK_MOVED, CHECK_GONE };

DEFINE_KNOCKOUT(ANON_REF_B,
	.name = "anon-ref:B",
	.removes = "the re-check that a folio is mapped, once its anon_vma is locked or referenced",
	.breaks = "a reverse map walk over a dead anon_vma, or another's",
	.detected_by = "the generation that an anon_vma's reader compares: knockout.anon_vma",
	.hunt = "explore anon_vma_vs_reuse",
	.mirrors = "mm: fix hang on anon_vma->root->lock");

DEFINE_KNOCKOUT(ANON_REF_MOVED,
	.name = "anon-ref:moved",
	.removes = "the re-check that a folio still names the anon_vma that was locked or referenced",
	.breaks = "a reverse map walk over a dead anon_vma, or another's",
	.detected_by = "the generation that an anon_vma's reader compares: knockout.anon_vma",
	.hunt = "test knockout.anon_vma");

/*
 * B3. Reads mapped first, mapping second: if the folio moved here in between, it was mapped at that time.
 *
 * ORDER[anon-ref:B] after the acquire of B2. Pairs with ORDER[anon-ref:A]. Weaker: a folio that was unmapped before is
 * taken for mapped, and its anon_vma for alive.
 */
static enum check second_check(const struct folio *folio, const struct anon_vma *anon_vma)
{
	if (!folio_mapped(folio) && !KNOCKED_OUT(ANON_REF_B)) {
		count_event(EV_ANON_VMA_UNMAPPED);
		return CHECK_GONE;
	}
	if (folio_anon_vma(folio) != anon_vma && !KNOCKED_OUT(ANON_REF_MOVED)) {
		count_event(EV_ANON_VMA_MOVED);
		return CHECK_MOVED;
	}
	return CHECK_SAME;
}

DEFINE_KNOCKOUT(ANON_REF_NOT_ZERO,
	.name = "anon-ref:not-zero",
	.removes = "the refusal of references to a dead anon_vma",
	.breaks = "an anon_vma freed twice",
	.detected_by = "the generation that an anon_vma's free checks: knockout.anon_vma",
	.hunt = "stress anon_vma_churn --noise 100 --threads 8");

/* B2, by reference. */
static bool get_unless_zero(struct anon_vma *anon_vma)
{
	/*
	 * ORDER[anon-dead:B] before a folio whose anon_vma is dead is read again. Pairs with ORDER[anon-dead:A].
	 * Weaker: a folio that moved is taken for unmapped, and an rmap walk misses its entries.
	 */
	uint32_t old = load_acquire(&anon_vma->refcount);
	RETRY_LOOP_PROFILED(10000, "exchange: an anon_vma's reference");

	do {
		if (!old && !KNOCKED_OUT(ANON_REF_NOT_ZERO)) {
			count_event(EV_ANON_VMA_DEAD);
			return false;
		}
	/* ORDER[anon-ref:B] before the second check; pairs with ORDER[anon-ref:A]. */
	} while (!try_cmpxchg_acquire(&anon_vma->refcount, &old, old + 1) && RETRIED());
	return true;
}

/* ---- a reference ---- */

/*
 * B2 and B3; CHECK_SAME: with a reference. A folio whose anon_vma is dead may have moved before. Locking: RCU, which is
 * dropped.
 */
static enum check get_once(const struct folio *folio, struct anon_vma *anon_vma)
{
	bool got = get_unless_zero(anon_vma);
	enum check result;

	SYNCPOINT("anon_vma.got");
	if (got)
		result = second_check(folio, anon_vma);
	else
		result = folio_anon_vma(folio) == anon_vma ? CHECK_GONE : CHECK_MOVED;
	rcu_read_unlock();
	if (got && result != CHECK_SAME)
		put_anon_vma(anon_vma);
	return result;
}

/* ---- the lock ---- */

/*
 * B4 with a reference. CHECK_SAME: locked, and the reference is dropped: not the last, since a VMA that maps the folio
 * is linked.
 */
static enum check lock_slow(const struct folio *folio, struct anon_vma *anon_vma)
{
	enum check result = get_once(folio, anon_vma);

	if (result != CHECK_SAME)
		return result;
	count_event(EV_ANON_VMA_WAIT);
	SYNCPOINT("anon_vma.before_lock");
	anon_vma_lock_read(anon_vma);
	result = second_check(folio, anon_vma);
	if (result != CHECK_SAME) {
		anon_vma_unlock_read(anon_vma);
		put_anon_vma(anon_vma);
		return result;
	}
	if (anon_vma_drop(anon_vma))
		BUG_BY("lives", "anon_vma %p has no VMA, and a folio mapped through it", (void *)anon_vma);
	return CHECK_SAME;
}

/* CHECK_SAME: locked. Locking: RCU, which is dropped. */
static enum check lock_once(const struct folio *folio, struct anon_vma *anon_vma, struct rmap_walk_control *rwc)
{
	/*
	 * ORDER[anon-ref:B] before the root's lock is taken and the folio is checked again; pairs with
	 * ORDER[anon-ref:A].
	 */
	struct anon_vma *root = load_acquire(&anon_vma->root);
	enum check result;

	ASSERT(!is_poison(root));
	if (likely(down_read_trylock(&root->rwsem))) {
		SYNCPOINT("anon_vma.locked");
		result = second_check(folio, anon_vma);
		if (result != CHECK_SAME)
			up_read(&root->rwsem);
		rcu_read_unlock();
		return result;
	}
	SYNCPOINT("anon_vma.trylock_failed");
	if (rwc && rwc->try_lock) {
		rcu_read_unlock();
		rwc->contended = true;
		return CHECK_GONE;
	}
	return lock_slow(folio, anon_vma);
}

/* ---- both checks, repeated if the folio moved in between ---- */

enum want { WANT_REFERENCE, WANT_LOCK };

static struct anon_vma *find_anon_vma(const struct folio *folio, enum want want, struct rmap_walk_control *rwc,
				      uint64_t *life)
{
	struct anon_vma *anon_vma;
	enum check result;
	/* Only a write fault that finds a folio exclusive moves it to another anon_vma. */
	RETRY_LOOP(100, "a folio's anon_vma, changed meanwhile");

	do {
		rcu_read_lock();
		anon_vma = first_check(folio, life);
		if (!anon_vma) {
			rcu_read_unlock();
			return NULL;
		}
		SYNCPOINT("anon_vma.looked");
		if (!KNOCKED_OUT(ANON_REF_FIRST))	/* without the check its age is arbitrary */
			object_seen(&kind_anon_vma, &anon_vma->probe, anon_vma);
		result = want == WANT_LOCK ? lock_once(folio, anon_vma, rwc) : get_once(folio, anon_vma);
	} while (result == CHECK_MOVED && RETRIED());
	return result == CHECK_SAME ? anon_vma : NULL;
}

struct anon_vma *folio_get_anon_vma(struct folio *folio)
{
	uint64_t life = 0;
	struct anon_vma *anon_vma = find_anon_vma(folio, WANT_REFERENCE, NULL, &life);

	if (anon_vma)
		check_life(anon_vma, life, "is not what the folio was mapped through");
	return anon_vma;
}

struct anon_vma *folio_lock_anon_vma_read(struct folio *folio, struct rmap_walk_control *rwc)
{
	uint64_t life = 0;
	struct anon_vma *anon_vma = find_anon_vma(folio, WANT_LOCK, rwc, &life);

	if (anon_vma)
		reader_enter(anon_vma, life);
	return anon_vma;
}

void anon_vma_unlock_read(struct anon_vma *anon_vma)
{
	reader_leave(anon_vma);
	rcu_read_lock();	/* as in anon_vma_unlock_write() */
	up_read(anon_vma_rwsem(anon_vma));
	rcu_read_unlock();
}
