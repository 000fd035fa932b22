/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anon_vma_cache.c - allocates and frees anon_vmas and chains. */
#include "core/mm/anon_vma_cache.h"

#include <errno.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/base/event.h"
#include "core/host/arena.h"
#include "core/host/typesafe.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(ANON_VMA_ALLOC, "anon_vmas allocated");
DEFINE_OBJECT_KIND(anon_vma, "anon_vmas");
DEFINE_OBJECT_KIND(chain, "anon_vma chains");

static struct typesafe_cache *anon_vma_cache, *chain_cache;	/* (C) */
static unsigned long nr_plain;		/* (A) anon_vmas allocated outside of the cache */

#if FAULTLINE_CHECK
static uint64_t lives;		/* (A) */

static void life_begins(struct anon_vma *anon_vma)
{
	store_relaxed(&anon_vma->life, fetch_add_relaxed(&lives, 1ul) + 1);
}

static void life_ends(struct anon_vma *anon_vma)
{
	if (!xchg_relaxed(&anon_vma->life, 0ul))
		BUG_BY("lives", "anon_vma %p freed twice", (void *)anon_vma);
}
#else
static inline void life_begins(struct anon_vma *anon_vma) { (void)anon_vma; }
static inline void life_ends(struct anon_vma *anon_vma) { (void)anon_vma; }
#endif

/* ---- memory ---- */

/* The state that late readers find: without an owner, and unlocked. */
static void anon_vma_construct(void *object)
{
	struct anon_vma *anon_vma = object;

	memset(anon_vma, 0, sizeof(*anon_vma));
	store_relaxed(&anon_vma->root, anon_vma);
	init_rwsem(&anon_vma->rwsem, RANK_ANON_VMA_RWSEM);
}

int anon_vma_init(void)
{
	anon_vma_cache = typesafe_cache_create("anon_vma", sizeof(struct anon_vma), CACHE_LINE, anon_vma_construct);
	chain_cache = typesafe_cache_create("anon_vma_chain", sizeof(struct anon_vma_chain), 0, NULL);
	if (anon_vma_cache && chain_cache)
		return 0;
	anon_vma_exit();
	return -ENOMEM;
}

unsigned long anon_vma_exit(void)
{
	unsigned long lost = load_relaxed(&nr_plain);

	if (anon_vma_cache)
		lost += typesafe_cache_destroy(anon_vma_cache);
	if (chain_cache)
		lost += typesafe_cache_destroy(chain_cache);
	anon_vma_cache = NULL;
	chain_cache = NULL;
	store_relaxed(&nr_plain, 0);
	return lost;
}

unsigned long nr_anon_vmas(void)
{
	return typesafe_live(anon_vma_cache) + load_relaxed(&nr_plain);
}

unsigned long nr_anon_vma_chains(void)
{
	return typesafe_live(chain_cache);
}

static struct anon_vma *plain_alloc(void)
{
	unsigned int home = local_node();
	struct anon_vma *anon_vma = node_alloc(home, sizeof(*anon_vma), CACHE_LINE);

	if (!anon_vma)
		return NULL;
	anon_vma_construct(anon_vma);
	anon_vma->kind = ANON_VMA_CALL_RCU;
	anon_vma->home = home;
	fetch_add_relaxed(&nr_plain, 1ul);
	return anon_vma;
}

static void plain_free_rcu(struct rcu_head *head)
{
	struct anon_vma *anon_vma = rcu_cb_entry(head, struct anon_vma, rcu);

	object_freed(&kind_anon_vma, &anon_vma->probe, anon_vma, 1);
	node_free(anon_vma, anon_vma->home, sizeof(*anon_vma));
	fetch_sub_relaxed(&nr_plain, 1ul);
}

struct anon_vma *anon_vma_alloc(enum anon_vma_free_kind kind)
{
	struct anon_vma *anon_vma = kind == ANON_VMA_CALL_RCU ? plain_alloc() : typesafe_alloc(anon_vma_cache);

	if (!anon_vma)
		return NULL;
	anon_vma->parent = anon_vma;
	anon_vma->num_children = 1;
	anon_vma->num_active_vmas = 0;
	life_begins(anon_vma);
	object_reused(&kind_anon_vma, &anon_vma->probe, anon_vma);
	object_linked(&kind_anon_vma, &anon_vma->probe, anon_vma);
	/*
	 * ORDER[anon-ref:A] all accesses to the last anon_vma here, its folios' unmapping included, come before the
	 * stores that make this one: its root and its count. Pairs with ORDER[anon-ref:B]. Weaker: a reader that finds
	 * this one still takes its folio for mapped through it.
	 */
	store_release(&anon_vma->root, anon_vma);
	store_release(&anon_vma->refcount, 1);
	count_event(EV_ANON_VMA_ALLOC);
	return anon_vma;
}

DEFINE_KNOCKOUT(ANON_REF_A,
	.name = "anon-ref:A",
	.removes = "the grace period before an anon_vma's memory is freed (anon_vma=call_rcu)",
	.breaks = "a reader in freed memory",
	.detected_by = "poison, AddressSanitizer: knockout.anon_vma",
	.hunt = "stress anon_vma_churn --noise 100 --policy linux-6.15,anon_vma=call_rcu");

static void anon_vma_free(struct anon_vma *anon_vma)
{
	life_ends(anon_vma);
	object_unlinked(&kind_anon_vma, &anon_vma->probe, anon_vma);
	if (anon_vma->kind == ANON_VMA_TYPESAFE) {
		object_freed(&kind_anon_vma, &anon_vma->probe, anon_vma, 0);
		typesafe_free(anon_vma_cache, anon_vma);
	} else if (KNOCKED_OUT(ANON_REF_A)) {
		plain_free_rcu(&anon_vma->rcu.head);
	} else {
		call_rcu(&anon_vma->rcu, plain_free_rcu);
	}
}

void __put_anon_vma(struct anon_vma *anon_vma)
{
	struct anon_vma *root = load_relaxed(&anon_vma->root);

	BUG_ON(!RB_EMPTY(&anon_vma->tree) || anon_vma->num_active_vmas);
	anon_vma_free(anon_vma);
	if (root != anon_vma && anon_vma_drop(root))
		anon_vma_free(root);
}

/* ---- chains ---- */

void chains_free(struct anon_vma_chain_list *list)
{
	struct anon_vma_chain *avc;

	while ((avc = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, avc, same_vma);
		object_unlinked(&kind_chain, &avc->probe, avc);
		object_freed(&kind_chain, &avc->probe, avc, 0);
		typesafe_free(chain_cache, avc);
	}
}

bool chain_alloc(struct anon_vma_chain_list *list)
{
	struct anon_vma_chain *avc = typesafe_alloc(chain_cache);

	if (!avc) {
		chains_free(list);
		return false;
	}
	object_reused(&kind_chain, &avc->probe, avc);
	object_linked(&kind_chain, &avc->probe, avc);
	TAILQ_INSERT_HEAD(list, avc, same_vma);
	return true;
}
