/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compiler.h - compiler attributes and hints, by the names the field uses. */
#ifndef FAULTLINE_CORE_BASE_COMPILER_H
#define FAULTLINE_CORE_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Builds define 0 or 1; a stray compile (an editor, a header check) gets 0. */
#ifndef FAULTLINE_CHECK
#define FAULTLINE_CHECK 0
#endif
/* Lock statistics, latencies, retries: in check builds, and in the program for profiling. */
#ifndef FAULTLINE_PROFILE
#define FAULTLINE_PROFILE FAULTLINE_CHECK
#endif
#ifndef FAULTLINE_PLAIN_ALLOC
#define FAULTLINE_PLAIN_ALLOC 0
#endif

/* Each access is a call of ours (core/probe/access.h): the compiler's instruments, without their sanitizer. */
#ifndef FAULTLINE_EXPLORE
#define FAULTLINE_EXPLORE 0
#endif
#if FAULTLINE_EXPLORE
#define FAULTLINE_TSAN 0
#elif defined(__SANITIZE_THREAD__)
#define FAULTLINE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FAULTLINE_TSAN 1
#endif
#endif
#ifndef FAULTLINE_TSAN
#define FAULTLINE_TSAN 0
#endif

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define force_inline	inline __attribute__((always_inline))
#define __noinline	__attribute__((noinline))
#define __cold		__attribute__((cold, noinline))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __must_check	__attribute__((warn_unused_result))
#define __maybe_unused	__attribute__((unused))	/* unused in some builds, or with some compilers */

/* One cache line, in bytes: 64 on x86-64 and on the arm64 servers this is built for. */
#define CACHE_LINE	64
#define __cacheline_aligned __attribute__((aligned(CACHE_LINE)))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#define min(a, b) ({ __typeof__(a) min_a_ = (a); __typeof__(b) min_b_ = (b); min_a_ < min_b_ ? min_a_ : min_b_; })
#define max(a, b) ({ __typeof__(a) max_a_ = (a); __typeof__(b) max_b_ = (b); max_a_ > max_b_ ? max_a_ : max_b_; })

/* @a is a power of two. */
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN_UP(x, a)		ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)

#endif
