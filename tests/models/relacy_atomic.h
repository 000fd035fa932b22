/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relacy_atomic.h - the names of core/base/atomic.h as accesses of Relacy, so that a litmus pattern (workloads/litmus)
 * is explored as it stands; C++, and in front of everything else.
 *
 * What is explored: all interleavings of two threads, and for each load every value the C11 memory model lets it see,
 * of the last two (exhaustively) or three (in random schedules) stores. A read-modify-write reads the last one, as it
 * must; stores become visible in the order of the schedule, so load buffering is not seen. smp_mb__after_atomic() is a
 * whole fence: what x86 adds to a read-modify-write by itself is no part of the model.
 */
#ifndef FAULTLINE_TESTS_MODELS_RELACY_ATOMIC_H
#define FAULTLINE_TESTS_MODELS_RELACY_ATOMIC_H

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include <relacy/relacy.hpp>

#define FAULTLINE_MODEL
#define shared_u32	rl::atomic<std::uint32_t>
#define force_inline	inline
#define likely(x)	(x)
#define unlikely(x)	(x)

#define MODEL_RMW(p, rmw, v, order)	(p)->rmw((v), rl::mo_##order, RL_INFO)
#define MODEL_CMPXCHG(p, old, new_, order, failed) \
	(p)->compare_exchange_strong(*(old), (new_), rl::mo_##order, RL_INFO, rl::mo_##failed, RL_INFO)

#define load_relaxed(p)		(p)->load(rl::mo_relaxed, RL_INFO)
#define load_acquire(p)		(p)->load(rl::mo_acquire, RL_INFO)
#define store_relaxed(p, v)	(p)->store((v), rl::mo_relaxed, RL_INFO)
#define store_release(p, v)	(p)->store((v), rl::mo_release, RL_INFO)
#define xchg_relaxed(p, v)	MODEL_RMW(p, exchange, v, relaxed)
#define xchg_acquire(p, v)	MODEL_RMW(p, exchange, v, acquire)
#define xchg_release(p, v)	MODEL_RMW(p, exchange, v, release)
#define xchg_acq_rel(p, v)	MODEL_RMW(p, exchange, v, acq_rel)
#define fetch_add_relaxed(p, v)	MODEL_RMW(p, fetch_add, v, relaxed)
#define fetch_add_acquire(p, v)	MODEL_RMW(p, fetch_add, v, acquire)
#define fetch_sub_relaxed(p, v)	MODEL_RMW(p, fetch_sub, v, relaxed)
#define fetch_sub_release(p, v)	MODEL_RMW(p, fetch_sub, v, release)
#define fetch_sub_acq_rel(p, v)	MODEL_RMW(p, fetch_sub, v, acq_rel)
#define fetch_or_relaxed(p, v)	MODEL_RMW(p, fetch_or, v, relaxed)
#define fetch_and_relaxed(p, v)	MODEL_RMW(p, fetch_and, v, relaxed)
#define fetch_and_release(p, v)	MODEL_RMW(p, fetch_and, v, release)
#define try_cmpxchg_relaxed(p, old, new_)	MODEL_CMPXCHG(p, old, new_, relaxed, relaxed)
#define try_cmpxchg_acquire(p, old, new_)	MODEL_CMPXCHG(p, old, new_, acquire, acquire)
#define try_cmpxchg_acq_rel(p, old, new_)	MODEL_CMPXCHG(p, old, new_, acq_rel, acquire)
#define smp_mb()		rl::atomic_thread_fence(rl::mo_seq_cst, RL_INFO)
#define smp_mb__after_atomic()	smp_mb()

struct litmus;

/*
 * What a pattern's file gives to explore.cc, which alone instantiates Relacy's schedulers, since they take seconds to
 * compile. In a schedule: begin, either side, end. Relacy's atomics live between begin and end.
 */
extern const struct litmus &model_pattern;
extern unsigned int model_disabled;
void model_begin();
bool model_side(unsigned int me);
void model_end();

/* See workloads/lib/litmus.h. */
#define LITMUS(id, begin, side0, side1, ...) \
static union id##_instance { \
	struct id##_words words; \
	id##_instance() {} \
	~id##_instance() {} \
} id##_instance; \
void model_begin() \
{ \
	std::uninitialized_default_construct_n(&id##_instance.words, 1); \
	begin(&id##_instance.words); \
} \
bool model_side(unsigned int me) \
{ \
	return me ? side1(&id##_instance.words, model_disabled) : side0(&id##_instance.words, model_disabled); \
} \
void model_end() { std::destroy_at(&id##_instance.words); } \
static const struct litmus id##_litmus = { __VA_ARGS__ }; \
const struct litmus &model_pattern = id##_litmus;

#endif
