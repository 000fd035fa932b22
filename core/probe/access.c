/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access.c - the calls that the compiler makes of accesses, by the names of ThreadSanitizer's interface. */
#include "core/probe/access.h"

#include <string.h>

#include "core/probe/decision.h"
#include "core/probe/memory.h"
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

static void keep(const struct schedule_event *access)
{
	schedule_access(access);
	race_check(access);
}

#define ACCESS(access_kind, p, access_value, access_order) \
	{ .pc = PC, .address = (const void *)(p), .value = (access_value), .size = sizeof(*(p)), \
	  .order = (uint8_t)(access_order), .kind = (access_kind) }

/* What is written is known after the call: schedule.c looks then. */
static inline void plain(void *p, size_t size, bool write, const void *pc)
{
	if (!on_own_stack(p) && access_point(p, size, write ? DECISION_WRITES : DECISION_READS, false))
		keep(&(struct schedule_event){ .pc = pc, .address = p, .value = write ? 0 : value_at(p, size),
					       .size = (uint32_t)size, .order = SCHEDULE_PLAIN,
					       .kind = write ? SCHEDULE_WRITES : SCHEDULE_READS });
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

/* ---- atomic accesses ---- */
#define UPDATE(bits, name, builtin, result) \
uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *p, uint##bits##_t v, int order) \
{ \
	if (access_point(p, sizeof(*p), DECISION_WRITES, true)) { \
		uint##bits##_t old = *p; \
		struct schedule_event access = ACCESS(SCHEDULE_UPDATES, p, (uint##bits##_t)(result), order); \
\
		keep(&access); \
		memory_update(&access); \
	} \
	return builtin(p, v, __ATOMIC_SEQ_CST); \
}

/* One that fails is a load. */
#define COMPARE(bits, form) \
int __tsan_atomic##bits##_compare_exchange_##form(volatile uint##bits##_t *p, uint##bits##_t *old, \
						  uint##bits##_t new, int order, int failure) \
{ \
	if (access_point(p, sizeof(*p), DECISION_WRITES, true)) { \
		bool fails = *p != *old; \
		struct schedule_event access = ACCESS(fails ? SCHEDULE_READS : SCHEDULE_UPDATES, p, \
						      fails ? *p : new, fails ? failure : order); \
\
		keep(&access); \
		if (fails) \
			memory_load_latest(&access); \
		else \
			memory_update(&access); \
	} \
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
}

#define ATOMIC(bits) \
uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *p, int order) \
{ \
	struct schedule_event access = ACCESS(SCHEDULE_READS, p, 0, order); \
	uint32_t store; \
\
	if (!access_point(p, sizeof(*p), DECISION_READS, true)) \
		return __atomic_load_n(p, __ATOMIC_SEQ_CST); \
	store = memory_choose(&access); \
	keep(&access); \
	memory_load(store, order); \
	return (uint##bits##_t)access.value; \
} \
void __tsan_atomic##bits##_store(volatile uint##bits##_t *p, uint##bits##_t v, int order) \
{ \
	if (access_point(p, sizeof(*p), DECISION_WRITES, true)) { \
		struct schedule_event access = ACCESS(SCHEDULE_WRITES, p, v, order); \
\
		keep(&access); \
		memory_store(&access); \
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
		memory_fence(order);
}

void __tsan_atomic_signal_fence(int order) { (void)order; }
#endif
