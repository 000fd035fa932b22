/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c - the fields of a token, each with its writer and its reader; a new one has a tag of its own. */
#include "bench/check/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/token.h"
#include "bench/ground/command.h"
#include "bench/run/stage.h"
#include "bench/run/unknown.h"
#include "faultline_build.h"

/* Tags are never used again for something else. */
enum {
	TAG_WORKLOAD = 1,	/* text */
	TAG_POLICY,		/* text */
	TAG_AXIS,		/* text KEY:VALUE; repeated */
	TAG_LAYOUT,		/* text */
	TAG_POPULATE,		/* text */
	TAG_PLACEMENT,		/* text; absent: compact */
	TAG_MEMORY,		/* text; absent: local */
	TAG_TABLES,		/* text; absent: local */
	TAG_THREADS,		/* the next ones: numbers */
	TAG_PAYLOAD,
	TAG_FRAMES,
	TAG_SEED,
	TAG_ROUNDS,
	TAG_WANDER,
	TAG_CHANGES,		/* for each: step, 0 or thread + 1, op */
	TAG_KEPT,		/* for each worker: its bits */
	TAG_KNOCKOUT,		/* text; repeated */
	TAG_MEMORY_ORDER,	/* number; absent: sc */
	TAG_DECISIONS = 20,	/* for each: position, thread; absent: priorities decide */
	TAG_STEPS,		/* number, at most; absent: EPISODE_MAX_STEPS */
	TAG_BUILD = TOKEN_NOTES,	/* text: kind and commit */
	TAG_NODES,		/* number */
};

/* What steps depend on. */
static void put_build(char *text, size_t size)
{
	snprintf(text, size, "%s.%d.%s", FAULTLINE_BUILD_TYPE, FAULTLINE_BUILD_LEVELS, FAULTLINE_BUILD_COMMIT);
}

/* ---- writing ---- */
static void put_axes(struct token *token, const struct run_case *what)
{
	char text[64];

	for (unsigned int i = 0; i < what->workload->nr_axes; i++) {
		snprintf(text, sizeof(text), "%s:%lld", what->workload->axes[i].key, (long long)what->choice[i]);
		token_put_text(token, TAG_AXIS, text);
	}
}

static void put_layout(struct token *token, const struct run_case *what, const struct choices *choices)
{
	for (unsigned int i = 0; what->layout && i < choices->nr_layouts; i++)
		if (choices->layouts[i] == what->layout) {
			token_put_text(token, TAG_LAYOUT, choices->layout_paths[i]);
			token_put_text(token, TAG_POPULATE, layout_populate_name(what->layout->populate));
		}
}

static void put_places(struct token *token, const struct places *places)
{
	bool local = places->memory[FRAME_DATA].mode == MEM_LOCAL && places->memory[FRAME_TABLE].mode == MEM_LOCAL;
	char name[PLACE_NAME];

	if (places->threads != PLACE_COMPACT)
		token_put_text(token, TAG_PLACEMENT, places_threads_name(places, name));
	if (local)
		return;
	token_put_text(token, TAG_MEMORY, mempolicy_name(places->memory[FRAME_DATA], name));
	token_put_text(token, TAG_TABLES, mempolicy_name(places->memory[FRAME_TABLE], name));
}

static void put_changes(struct token *token, const struct schedule_plan *plan)
{
	uint8_t bytes[SCHEDULE_CHANGES * 3 * 10];
	size_t length = 0;

	for (unsigned int i = 0; i < plan->nr_changes; i++) {
		const struct schedule_change *change = &plan->changes[i];

		token_append(bytes, &length, change->step);
		token_append(bytes, &length, change->thread == SCHEDULE_ANY ? 0 : change->thread + 1u);
		token_append(bytes, &length, change->op);
	}
	if (length)
		token_put(token, TAG_CHANGES, bytes, length);
}

static void put_kept(struct token *token, const struct episode *episode)
{
	uint8_t bytes[SCHEDULE_WORKERS * 10];
	size_t length = 0;

	for (unsigned int i = 0; i < episode->threads; i++)
		token_append(bytes, &length, episode->kept[i]);
	if (episode->some)
		token_put(token, TAG_KEPT, bytes, length);
}

static void put_decisions(struct token *token, const struct decision_plan *plan)
{
	uint8_t bytes[TOKEN_BYTES];
	size_t length = 0;

	for (unsigned int i = 0; i < plan->nr && length + 2 * 10 < sizeof(bytes); i++) {
		token_append(bytes, &length, plan->decisions[i].position);
		token_append(bytes, &length, plan->decisions[i].thread);
	}
	token_put(token, TAG_DECISIONS, bytes, length);
}

static void put_knockouts(struct token *token)
{
	const struct knockout *knockout;

	for (unsigned int i = 0; (knockout = knockout_get(i)); i++)
		if (load_relaxed(&knockout->on))
			token_put_text(token, TAG_KNOCKOUT, knockout->name);
}

static void put_episode(struct token *token, const struct episode *episode)
{
	const struct run_case *what = episode->what;
	char build[64];

	token_put_text(token, TAG_WORKLOAD, what->workload->name);
	if (what->policy)
		token_put_text(token, TAG_POLICY, what->policy->name);
	put_axes(token, what);
	put_layout(token, what, episode->choices);
	put_places(token, &what->places);
	token_put_number(token, TAG_THREADS, episode->threads);
	token_put_number(token, TAG_PAYLOAD, what->payload);
	token_put_number(token, TAG_FRAMES, episode->choices->frames);
	token_put_number(token, TAG_SEED, episode->plan.seed);
	token_put_number(token, TAG_ROUNDS, episode->rounds);
	if (episode->plan.wander)
		token_put_number(token, TAG_WANDER, episode->plan.wander);
	if (episode->plan.memory)
		token_put_number(token, TAG_MEMORY_ORDER, episode->plan.memory);
	put_changes(token, &episode->plan);
	put_kept(token, episode);
	if (episode->plan.decisions)
		put_decisions(token, episode->plan.decisions);
	if (episode->plan.max_steps != EPISODE_MAX_STEPS)
		token_put_number(token, TAG_STEPS, episode->plan.max_steps);
	put_knockouts(token);
	put_build(build, sizeof(build));
	token_put_text(token, TAG_BUILD, build);
	token_put_number(token, TAG_NODES, topology_nodes());
}

void replay_print_command(FILE *out, const struct episode *episode)
{
	struct token token = { .length = 0 };
	char text[TOKEN_TEXT];

	put_episode(&token, episode);
	if (token.full)
		return;
	token_print(&token, text);
	fprintf(out, "replay with: faultline replay %s\n", text);
}

/* ---- reading ---- */
static int take_choice(struct replay *replay, struct token_field *field, int option)
{
	char *text = strndup((const char *)field->bytes, field->length);
	int status = text ? choices_take(&replay->choices, option, text) : fail("out of memory");

	free(text);
	return status;
}

static int take_number(struct replay *replay, struct token_field *field, int option)
{
	uint64_t number;
	char text[32];

	if (!token_take(field, &number))
		return complain("a token with an empty field %u", field->tag);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return choices_take(&replay->choices, option, text);
}

static int take_rounds(struct replay *replay, struct token_field *field, int option)
{
	uint64_t *rounds = &replay->episode.rounds;

	(void)option;
	return token_take(field, rounds) && *rounds ? 0 : complain("a token without rounds");
}

static int take_wander(struct replay *replay, struct token_field *field, int option)
{
	uint64_t number = 0;

	(void)option;
	token_take(field, &number);
	replay->episode.plan.wander = (uint32_t)number;
	return 0;
}

static int take_memory_order(struct replay *replay, struct token_field *field, int option)
{
	uint64_t number = 0;

	(void)option;
	if (!token_take(field, &number) || number > MEMORY_C11)
		return complain("a token with an invalid memory order");
	replay->episode.plan.memory = (enum schedule_memory)number;
	return episode_order_possible(replay->episode.plan.memory);
}

static int take_workload(struct replay *replay, struct token_field *field, int option)
{
	(void)option;
	free(replay->workload);
	replay->workload = strndup((const char *)field->bytes, field->length);
	return replay->workload ? 0 : fail("out of memory");
}

static int take_changes(struct replay *replay, struct token_field *field, int option)
{
	struct schedule_plan *plan = &replay->episode.plan;
	uint64_t step, thread, op;

	(void)option;
	while (token_take(field, &step)) {
		if (!token_take(field, &thread) || !token_take(field, &op) || thread > SCHEDULE_THREADS ||
		    plan->nr_changes == SCHEDULE_CHANGES)
			return complain("a token with invalid changes");
		plan->changes[plan->nr_changes++] = (struct schedule_change){
			.step = (uint32_t)step,
			.op = (uint32_t)op,
			.thread = thread ? (uint8_t)(thread - 1) : SCHEDULE_ANY,
		};
	}
	return 0;
}

static int take_kept(struct replay *replay, struct token_field *field, int option)
{
	struct episode *episode = &replay->episode;

	(void)option;
	episode->some = true;
	for (unsigned int i = 0; i < SCHEDULE_WORKERS && token_take(field, &episode->kept[i]); i++)
		;
	return 0;
}

static int take_decisions(struct replay *replay, struct token_field *field, int option)
{
	struct decision *decisions = calloc(field->length / 2 + 1, sizeof(*decisions));
	uint64_t position, thread;
	unsigned int nr = 0;

	(void)option;
	free(replay->decisions);
	replay->decisions = decisions;
	if (!FAULTLINE_EXPLORE)
		return complain("a token of faultline explore: use build/explore/faultline (cmake --preset explore)");
	if (!decisions)
		return fail("out of memory");
	while (token_take(field, &position)) {
		if (!token_take(field, &thread) || position > UINT32_MAX || thread >= SCHEDULE_THREADS)
			return complain("a token with invalid decisions");
		decisions[nr++] = (struct decision){ .position = (uint32_t)position, .thread = (uint8_t)thread };
	}
	replay->plan = (struct decision_plan){ .decisions = decisions, .nr = nr };
	replay->episode.plan.decisions = &replay->plan;
	return 0;
}

static int take_steps(struct replay *replay, struct token_field *field, int option)
{
	uint64_t number = 0;

	(void)option;
	token_take(field, &number);
	replay->episode.plan.max_steps = (uint32_t)number;
	return number ? 0 : complain("a token without steps");
}

static int take_knockout(struct replay *replay, struct token_field *field, int option)
{
	char *name = strndup((const char *)field->bytes, field->length);
	int error = name ? knockout_enable(name) : -ENOMEM, status = 0;

	(void)replay, (void)option;
	if (error == -ENOENT)
		status = unknown_knockout(name);
	else if (error)
		status = fail("%s: %s", name ? name : "a knock-out", strerror(-error));
	free(name);
	return status;
}

static int take_build(struct replay *replay, struct token_field *field, int option)
{
	int length = (int)min(field->length, (size_t)64);
	char own[64];

	(void)replay, (void)option;
	put_build(own, sizeof(own));
	if (field->length != strlen(own) || memcmp(own, field->bytes, field->length))
		warn("the token is of another build, %.*s, and this is %s: steps may differ", length,
		     (const char *)field->bytes, own);
	return 0;
}

static int take_nodes(struct replay *replay, struct token_field *field, int option)
{
	(void)option;
	token_take(field, &replay->nodes);
	return 0;
}

static const struct {
	unsigned int tag;
	int (*take)(struct replay *replay, struct token_field *field, int option);
	int option;		/* of choices.h */
} readers[] = {
	{ TAG_WORKLOAD, take_workload, 0 },
	{ TAG_POLICY, take_choice, CHOOSE_POLICY },
	{ TAG_AXIS, take_choice, CHOOSE_AXIS },
	{ TAG_LAYOUT, take_choice, CHOOSE_LAYOUT },
	{ TAG_POPULATE, take_choice, CHOOSE_POPULATE },
	{ TAG_PLACEMENT, take_choice, CHOOSE_PLACEMENT },
	{ TAG_MEMORY, take_choice, CHOOSE_MEMORY },
	{ TAG_TABLES, take_choice, CHOOSE_TABLES },
	{ TAG_THREADS, take_number, CHOOSE_THREADS },
	{ TAG_PAYLOAD, take_number, CHOOSE_PAYLOAD },
	{ TAG_FRAMES, take_number, CHOOSE_FRAMES },
	{ TAG_SEED, take_number, CHOOSE_SEED },
	{ TAG_ROUNDS, take_rounds, 0 },
	{ TAG_WANDER, take_wander, 0 },
	{ TAG_CHANGES, take_changes, 0 },
	{ TAG_KEPT, take_kept, 0 },
	{ TAG_KNOCKOUT, take_knockout, 0 },
	{ TAG_MEMORY_ORDER, take_memory_order, 0 },
	{ TAG_DECISIONS, take_decisions, 0 },
	{ TAG_STEPS, take_steps, 0 },
	{ TAG_BUILD, take_build, 0 },
	{ TAG_NODES, take_nodes, 0 },
};

static int take_field(struct replay *replay, struct token_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (readers[i].tag == field->tag)
			return readers[i].take(replay, field, readers[i].option);
	return field->tag >= TOKEN_NOTES ? 0 :
		complain("a token with field %u, which this version does not know", field->tag);
}

static int take_fields(struct replay *replay, const char *text)
{
	struct token token;
	struct token_field field;
	int status = token_scan(&token, text);

	while (!status && token_next(&token, &field))
		status = take_field(replay, &field);
	if (!status && (token.at < token.length || !replay->workload || !replay->choices.nr_threads ||
			!replay->choices.nr_payloads))
		return complain("a token without workload, threads or payload, or with something behind them");
	if (!status && replay->episode.some && replay->episode.rounds > 64)
		return complain("a token with operations, and with more than 64 rounds");
	return status;
}

/* ---- what is played ---- */

/* One case: names in tokens have no patterns. */
static int settle(struct replay *replay)
{
	const struct suite_defaults defaults = { .first_axis_values = true, .scenarios = true };
	const char *globs[] = { replay->workload };
	struct choices *choices = &replay->choices;
	struct episode *episode = &replay->episode;
	int status = stage_open(choices);

	if (!status && !choices->nr_policies)
		status = choices_add_policies(choices, policy_default()->name);
	if (!status)
		status = choices_settle_layouts(choices);
	if (!status)
		status = suite_build(&replay->suite, choices, &defaults, globs, 1);
	if (!status && (replay->suite.nr != 1 || strpbrk(replay->workload, "*?[")))
		return complain("a token of more than one case");
	if (status)
		return status;
	if (replay->nodes != topology_nodes())
		warn("the token is of a machine with %llu NUMA nodes, and this has %u: steps may differ",
		     (unsigned long long)replay->nodes, topology_nodes());
	episode_give_payload(&replay->suite.cases[0], choices);
	episode->what = &replay->suite.cases[0];
	episode->choices = choices;
	episode->threads = episode->what->threads;
	episode->plan.seed = choices->seed;
	return episode_possible(episode->what);
}

int replay_open(struct replay *replay, const char *text)
{
	int status;

	*replay = (struct replay){ .episode = { .rounds = 1, .plan.max_steps = EPISODE_MAX_STEPS } };
	choices_init(&replay->choices);
	if (!syncpoint_get(0))
		return complain("this build has no sync points; use build/check/faultline (cmake --preset check)");
	status = take_fields(replay, text);
	if (!status)
		status = settle(replay);
	if (!status)
		status = episodes_open();
	replay->opened = !status;
	replay->plan.log = episodes_decisions();
	return status;
}

/* What broke may have broken the machine too: only a sound one is taken down. */
int replay_close(struct replay *replay, int status)
{
	if (replay->opened)
		episodes_close();
	if (!status)
		status = stage_close();
	suite_free(&replay->suite);
	choices_free(&replay->choices);
	free(replay->workload);
	free(replay->decisions);
	return status;
}
