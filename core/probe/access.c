/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access.c - the calls that the compiler makes of accesses, by the names of ThreadSanitizer's interface. */
#include "core/probe/access.h"

#include <string.h>

#include "core/probe/decision.h"
#include "core/probe/race.h"
#include "core/probe/schedule.h"

#if FAULTLINE_EXPLORE
#define STACK_SIZE	(1ul << 20)	/* in use, of a thread */

/* The interface has no header: the compiler alone calls it. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

_Thread_local unsigned int access_quiet;

static inline bool on_own_stack(const void *address)
{
	return (uintptr_t)address - (uintptr_t)__builtin_frame_address(0) < STACK_SIZE;
}

/* Another thread may run before the access. Returns whether the access counts. */
static inline bool access_point(const volatile void *p, size_t size, enum decision_access access, bool atomic)
{
	if (!SCHEDULED() || access_quiet)
		return false;
	decision_announce(p, size, access, atomic);
	return schedule_access_point();
}

#define PC	__builtin_return_address(0)

void __tsan_init(void) {}

/* ---- plain accesses ---- */
static uint64_t value_at(const void *p, size_t size)
{
	uint64_t value = 0;

	if (size <= sizeof(value))
		memcpy(&value, p, size);
	return value;
}

static void keep(const void *p, uint64_t value, size_t size, int order, enum schedule_event_kind kind, const void *pc)
{
	schedule_access(&(struct schedule_event){
		.pc = pc, .address = p, .value = value, .size = (uint32_t)size, .order = (uint8_t)order,
		.kind = (uint8_t)kind,
	});
}

/* What is written is known after the call: schedule.c looks then. */
static inline void plain(void *p, size_t size, bool write, const void *pc)
{
	if (on_own_stack(p) || !access_point(p, size, write ? DECISION_WRITES : DECISION_READS, false))
		return;
	keep(p, write ? 0 : value_at(p, size), size, SCHEDULE_PLAIN, write ? SCHEDULE_WRITES : SCHEDULE_READS, pc);
	race_plain(p, size, write, pc);
}

#define PLAIN(size) \
void __tsan_read##size(void *p) { plain(p, size, false, PC); } \
void __tsan_write##size(void *p) { plain(p, size, true, PC); } \
void __tsan_unaligned_read##size(void *p) { plain(p, size, false, PC); } \
void __tsan_unaligned_write##size(void *p) { plain(p, size, true, PC); }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

/* A structure that is copied: one step, whatever its size. */
void __tsan_read_range(void *p, size_t size) { plain(p, size, false, PC); }
void __tsan_write_range(void *p, size_t size) { plain(p, size, true, PC); }

/* ---- atomic accesses: one thread runs at a time, and so each is sequentially consistent ---- */
#define UPDATE(bits, name, builtin, result) \
uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *p, uint##bits##_t v, int order) \
{ \
	if (access_point(p, sizeof(*p), DECISION_WRITES, true)) { \
		uint##bits##_t old = *p; \
\
		keep((const void *)p, (uint##bits##_t)(result), sizeof(*p), order, SCHEDULE_UPDATES, PC); \
		race_update((const void *)p, sizeof(*p), order, PC); \
	} \
	return builtin(p, v, __ATOMIC_SEQ_CST); \
}

/* One that fails is a load. */
#define COMPARE(bits, form) \
int __tsan_atomic##bits##_compare_exchange_##form(volatile uint##bits##_t *p, uint##bits##_t *old, \
						  uint##bits##_t new, int order, int failure) \
{ \
	if (access_point(p, sizeof(*p), DECISION_WRITES, true)) { \
		if (*p == *old) { \
			keep((const void *)p, new, sizeof(*p), order, SCHEDULE_UPDATES, PC); \
			race_update((const void *)p, sizeof(*p), order, PC); \
		} else { \
			keep((const void *)p, *p, sizeof(*p), failure, SCHEDULE_READS, PC); \
			race_load((const void *)p, sizeof(*p), failure, PC); \
		} \
	} \
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
}

#define ATOMIC(bits) \
uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *p, int order) \
{ \
	if (access_point(p, sizeof(*p), DECISION_READS, true)) { \
		keep((const void *)p, *p, sizeof(*p), order, SCHEDULE_READS, PC); \
		race_load((const void *)p, sizeof(*p), order, PC); \
	} \
	return __atomic_load_n(p, __ATOMIC_SEQ_CST); \
} \
void __tsan_atomic##bits##_store(volatile uint##bits##_t *p, uint##bits##_t v, int order) \
{ \
	if (access_point(p, sizeof(*p), DECISION_WRITES, true)) { \
		keep((const void *)p, v, sizeof(*p), order, SCHEDULE_WRITES, PC); \
		race_store((const void *)p, sizeof(*p), order, PC); \
	} \
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST); \
} \
UPDATE(bits, exchange, __atomic_exchange_n, ((void)old, v)) \
UPDATE(bits, fetch_add, __atomic_fetch_add, old + v) \
UPDATE(bits, fetch_sub, __atomic_fetch_sub, old - v) \
UPDATE(bits, fetch_and, __atomic_fetch_and, old & v) \
UPDATE(bits, fetch_or, __atomic_fetch_or, old | v) \
UPDATE(bits, fetch_xor, __atomic_fetch_xor, old ^ v) \
COMPARE(bits, strong) \
COMPARE(bits, weak)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int order)
{
	if (SCHEDULED() && !access_quiet)
		race_fence(order);
}

void __tsan_atomic_signal_fence(int order) { (void)order; }
#endif
