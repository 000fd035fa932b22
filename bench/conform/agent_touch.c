/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_touch.c - accesses of an agent to its memory, which may be fatal, and are survived. */
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/conform/agent_run.h"
#include "core/faultline.h"

/* Each process has its own. */
static sigjmp_buf after_fault;
static long fault_result;

/* Signals are unblocked here and not by the jump, which would have each access save what is blocked. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	const uint64_t none = 0;

	(void)context;
	fault_result = RESULT_SIGNAL(sig, info->si_code);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	siglongjmp(after_fault, 1);
}

bool agent_catch_faults(void)
{
	const struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	return !sigaction(SIGSEGV, &action, NULL) && !sigaction(SIGBUS, &action, NULL);
}

long agent_read(unsigned long addr)
{
	if (sigsetjmp(after_fault, 0))
		return fault_result;
	return load_relaxed((unsigned char *)addr);
}

long agent_write(unsigned long addr, unsigned char byte)
{
	if (sigsetjmp(after_fault, 0))
		return fault_result;
	store_relaxed((unsigned char *)addr, byte);
	return byte;
}

void agent_contents(long pages, const unsigned char *wanted, int *bytes)
{
	for (long i = 0; i < pages; i++) {
		long byte = wanted[i] ? agent_read(window_start(pages) + (unsigned long)i * WINDOW_PAGE) : -1;

		bytes[i] = byte < 0 ? -1 : (int)byte;
	}
}
