# SPDX-License-Identifier: GPL-2.0-or-later
# Every sleep of the core goes through core/lock/wait.h, which takes the sleeper out of RCU's readers. The exceptions, one a line:
# a file, what it may call, and why that wait ends without a grace period.
. "$(dirname "$0")/../lib/harness/lint.sh"

exceptions() {
	cat <<-'END'
	core/base/futex.h	kernel_futex_wait	the definition
	core/lock/wait.h	kernel_futex_wait	futex_wait_online() and what is built on it
	core/lock/wait.h	futex_wait_online	the definition, and futex_wait()
	core/lock/wait.h	rcu_offline	sleep_begin()
	core/lock/spinlock.c	futex_wait_online	a spinlock's holder does not sleep
	core/probe/schedule.c	kernel_futex_wait	a turn comes without a grace period of liburcu
	core/probe/schedule.h	sched_yield	yield_core()
	core/probe/schedule_rcu.c	pthread_join	the callbacks' thread has left the schedule
	core/op/khugepaged_thread.c	pthread_join	it is between sleep_begin() and sleep_end()
	core/probe/syncpoint_noise.c	nanosleep	at most 100 microseconds
	core/probe/syncpoint_noise.c	sched_yield	once
	core/host/arena.c	pthread_mutex_lock	the holder only allocates
	core/host/typesafe.c	pthread_mutex_lock	the holder only allocates
	core/base/cpu.c	pthread_mutex_lock	the holder only looks for a slot
	core/base/event.c	pthread_mutex_lock	the holder only adds up
	core/host/rcu.c	rcu_offline	the wait is one for a grace period
	core/host/rcu.h	rcu_offline	the definition
	END
}

sleeping='kernel_futex_wait|futex_wait_online|rcu_offline|sched_yield|nanosleep|usleep|pthread_join|pthread_mutex_lock|pthread_cond_(timed)?wait|pthread_barrier_wait|sem_(timed)?wait|mtx_lock|cnd_wait'

check() {
	exceptions | cut -f 1,2 >"$scratch/allowed"
	code core | grep -E "\\<($sleeping)\\>" | while IFS=: read -r file line text; do
		for call in $(printf '%s\n' "$text" | grep -oE "\\<($sleeping)\\>"); do
			printf '%s\t%s\n' "$file" "$call" | grep -qxFf "$scratch/allowed" || echo "$file:$line: $call beside core/lock/wait.h"
		done
	done
}

tree_passes
catches 'planted.c:1: kernel_futex_wait' 'mkdir -p core/op; echo "kernel_futex_wait(&word, 0);" > core/op/planted.c'
catches 'planted.c:1: nanosleep' 'mkdir -p core/op; echo "nanosleep(&nap, NULL);" > core/op/planted.c'
catches 'notifier.c:' 'sed -i "s/futex_wait(/futex_wait_online(/" core/mm/notifier.c'
