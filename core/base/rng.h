/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng.h - seeded pseudo-random numbers (xorshift64*), one state per thread: a seed repeats a run. */
#ifndef FAULTLINE_CORE_BASE_RNG_H
#define FAULTLINE_CORE_BASE_RNG_H

#include "core/base/compiler.h"

struct rng {
	uint64_t state;		/* (T) never 0 */
};

/* Seeds that differ by one give unrelated streams: the seed goes through splitmix64 first. */
static inline void rng_init(struct rng *rng, uint64_t seed)
{
	uint64_t z = seed + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	rng->state = z ? z : 1;
}

/* The next 64 bits. Locking: the state is one thread's. */
static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t x = rng->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng->state = x;
	return x * 0x2545f4914f6cdd1du;
}

/* A number in [0, @n), @n > 0; the bias of n / 2^64 is negligible. */
static inline uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return (uint64_t)(((__uint128_t)rng_next(rng) * n) >> 64);
}

#endif
