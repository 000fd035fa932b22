/* SPDX-License-Identifier: GPL-2.0-or-later */
/* episode.c - a case, set up, raced, checked and torn down under a schedule. */
#include "bench/check/episode.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/check/detection.h"
#include "bench/check/named_memory.h"
#include "bench/check/storm.h"
#include "bench/ground/command.h"
#include "bench/run/crew.h"
#include "bench/run/stage.h"

#define MAX_EVENTS	(1u << 20)
#define MAX_SECONDS	(FAULTLINE_PLAIN_ALLOC ? 300u : 60u)	/* of one that goes round in circles without a step */

static struct {
	struct schedule_log *log;	/* shared with the episode's process, the events behind it */
	struct decision_log *decisions;	/* the same */
	uint64_t *disabled;		/* shared too: of each knock-out */
	FILE *said;
	struct episode_end end;
} now;

static size_t disabled_size(void)
{
	return knockout_count() * sizeof(uint64_t);
}

static size_t log_size(void)
{
	return sizeof(struct schedule_log) + MAX_EVENTS * sizeof(struct schedule_event);
}

static size_t decisions_size(void)
{
	return sizeof(struct decision_log) + MAX_EVENTS * sizeof(struct decision_event);
}

static void *shared(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

const char *episode_role(const struct episode *episode, unsigned int worker)
{
	const struct workload *workload = episode->what->workload;

	return workload->roles[workload->role_of ? workload->role_of(worker, episode->threads) :
						   worker % workload->nr_roles].name;
}

int episode_possible(const struct run_case *what)
{
	if (what->threads > SCHEDULE_WORKERS)
		return complain("too many threads for --serial: give up to %d", SCHEDULE_WORKERS);
	if (what->workload->flags & WORKLOAD_LIVE)
		return complain("%s asks the live kernel: --serial does not control its schedule",
				what->workload->name);
	return 0;
}

int episode_order_possible(enum schedule_memory memory)
{
	return memory == MEMORY_SC || FAULTLINE_EXPLORE ? 0 :
	       complain("this build has no memory order but sc; use build/explore/faultline (./run build explore)");
}

void episode_give_payload(struct run_case *what, const struct choices *choices)
{
	if (!(what->workload->flags & WORKLOAD_PAYLOAD))
		what->payload = choices->payloads[0];
}

int episodes_open(void)
{
	now.said = tmpfile();
	now.log = shared(log_size());
	now.decisions = shared(decisions_size());
	now.disabled = shared(disabled_size());
	if (!now.said || now.log == MAP_FAILED || now.decisions == MAP_FAILED || now.disabled == MAP_FAILED)
		return fail("no room for what episodes say: %s", strerror(errno));
	now.log->room = MAX_EVENTS;
	now.log->events = (struct schedule_event *)(now.log + 1);
	now.decisions->room = MAX_EVENTS;
	now.decisions->events = (struct decision_event *)(now.decisions + 1);
	return 0;
}

void episodes_close(void)
{
	fclose(now.said);
	munmap(now.log, log_size());
	munmap(now.decisions, decisions_size());
	munmap(now.disabled, disabled_size());
}

struct decision_log *episodes_decisions(void)
{
	return now.decisions;
}

uint64_t episodes_disabled(unsigned int index)
{
	return now.disabled[index];
}

/* ---- in the episode's process ---- */
struct player {
	const struct episode *episode;
	struct crew *crew;
	pthread_barrier_t *end;		/* of the race */
	unsigned int index;
	int error;
};

/* What an op draws depends on no other op, so that it stays the same when others are removed. */
static void play_op(struct player *player, struct seat *seat, uint64_t op)
{
	rng_init(&seat->worker.rng, (player->episode->plan.seed * SCHEDULE_WORKERS + player->index) * UINT16_MAX + op);
	schedule_begins(seat->role->name, (uint32_t)op);
	crew_prepare(seat);
	player->error = (int)min(crew_op(seat), (int64_t)0);
	rcu_quiescent();
}

static void play_ops(struct player *player)
{
	struct seat *seat = &player->crew->seats[player->index];

	player->error = crew_join(player->crew, player->index);
	if (player->error)
		return;
	for (uint64_t i = 0; i < player->episode->rounds && player->error >= 0; i++)
		if (!player->episode->some || (player->episode->kept[player->index] >> i & 1))
			play_op(player, seat, i);
	crew_leave(player->crew, player->index);
}

/* A thread's end gives its memory back to the C library, when no schedule controls: so all end behind the race. */
static void *play_worker(void *arg)
{
	struct player *player = arg;

	schedule_join(player->index);
	play_ops(player);
	schedule_leave();
	pthread_barrier_wait(player->end);
	return NULL;
}

static int race(const struct episode *episode, struct crew *crew)
{
	unsigned int nr = episode->threads;
	struct player players[SCHEDULE_WORKERS];
	pthread_t threads[SCHEDULE_WORKERS];
	pthread_barrier_t end;
	int error = 0;

	pthread_barrier_init(&end, NULL, nr + 1);
	for (unsigned int i = 0; i < nr; i++) {
		players[i] = (struct player){ .episode = episode, .crew = crew, .end = &end, .index = i };
		error = pthread_create(&threads[i], NULL, play_worker, &players[i]);
		if (error)
			exit(fail("thread %u of %u: %s", i + 1, nr, strerror(error)));
	}
	schedule_race(nr);
	pthread_barrier_wait(&end);
	for (unsigned int i = 0; i < nr; i++) {
		pthread_join(threads[i], NULL);
		if (players[i].error && !error) {
			error = players[i].error;
			detection_note(error == -EUCLEAN ? DETECTION_FLIGHT : DETECTION_REFUSED);
			fail("%s: worker %u, %s: %s", episode->what->name, i, crew->seats[i].role->name,
			     strerror(-error));
		}
	}
	pthread_barrier_destroy(&end);
	return error;
}

/* On one core a hand-over is a switch of threads, and no message from core to core. */
static void stay_on_one_core(struct crew *crew)
{
	for (unsigned int i = 1; i < crew->run.threads; i++)
		crew->seats[i].pin.pu = crew->seats[0].pin.pu;
}

static int play_crew(const struct episode *episode, const struct choices *choices)
{
	struct run_case what = *episode->what;
	struct crew crew;
	int error;

	what.threads = episode->threads;
	error = crew_begin(&crew, &what, choices, true);
	if (error) {
		fail("%s: %s", what.name, crew.why);
		return error;
	}
	stay_on_one_core(&crew);
	error = race(episode, &crew);
	if (!error && (error = crew_check(&crew))) {
		detection_note(DETECTION_REST);
		fail("%s: check: %s", what.name, strerror(-error));
	}
	crew_end(&crew);
	return error;
}

static int play(const struct episode *episode)
{
	struct choices choices = *episode->choices;
	unsigned long before;
	int error = schedule_begin(&episode->plan);

	if (error)
		return fail("a schedule cannot begin: %s", strerror(-error));
	choices.seed = run_seed = episode->plan.seed;
	if (stage_machine(&choices, episode->what->payload))
		return EXIT_CHECK_FAILED;
	if (episode->details)
		named_memory_watch(episode->plan.log);
	before = storm_frames();
	error = play_crew(episode, &choices);
	if (!error)
		error = storm_frames_are(episode->what->name, before);
	/* What broke may have broken the machine too. */
	if (error || stage_machine_down())
		return EXIT_CHECK_FAILED;
	schedule_end();
	return EXIT_DONE;
}

static void note_detection(const char *detector, const char *text)
{
	(void)text;
	detection_note(detector);
}

/* After a broken invariant: die() has printed it. */
static void __attribute__((noreturn)) aborted(int signal_number)
{
	(void)signal_number;
	lockrank_dump(stderr);
	fflush(stderr);
	detection_print();
	_exit(EXIT_CHECK_FAILED);
}

static void __attribute__((noreturn)) be_the_episode(const struct episode *episode)
{
	const struct rlimit none = { 0, 0 };
	int status;

	setrlimit(RLIMIT_CORE, &none);
	mallopt(M_ARENA_MAX, 1);	/* the schedule decides what is allocated where */
	signal(SIGABRT, aborted);
	die_hook = note_detection;
	slow_checks = true;
	alarm(MAX_SECONDS);
	dup2(fileno(now.said), STDERR_FILENO);
	status = play(episode);
	for (unsigned int i = 0; i < knockout_count(); i++)
		now.disabled[i] += knockout_hits(i);
	detection_print();
	_exit(status);
}

/* ---- in the parent process ---- */
static void read_what_was_said(int status)
{
	struct episode_end *end = &now.end;
	ssize_t n = pread(fileno(now.said), end->said, sizeof(end->said) - 1, 0);

	end->said[max(n, (ssize_t)0)] = '\0';
	if (WIFSIGNALED(status) && !end->said[0])
		snprintf(end->said, sizeof(end->said), "faultline: %s\n" DETECTION_LINE "%s\n",
			 WTERMSIG(status) == SIGALRM ? "no end, and no step either" : strsignal(WTERMSIG(status)),
			 WTERMSIG(status) == SIGALRM ? DETECTION_WATCHDOG : DETECTION_CRASH);
	end->failed = !WIFEXITED(status) || WEXITSTATUS(status);
	end->log = now.log;
}

int episode_play(const struct episode *episode, const struct episode_end **end)
{
	struct episode copy = *episode;
	int status;
	pid_t pid;

	copy.plan.log = now.log;
	now.log->details = episode->details;
	fflush(NULL);
	if (ftruncate(fileno(now.said), 0) || lseek(fileno(now.said), 0, SEEK_SET))
		return fail("what episodes say cannot be kept: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return fail("no process for an episode: %s", strerror(errno));
	if (!pid)
		be_the_episode(&copy);
	while (waitpid(pid, &status, 0) != pid)
		;
	read_what_was_said(status);
	*end = &now.end;
	return 0;
}
