/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - the commands, in the order of help. */
#include "bench/cmd/commands.h"

#include <stddef.h>

const struct command *const commands[] = {
	&list_command, &topo_command, &capture_command, &bench_command, &eras_command, &numa_command,
	&stress_command, &replay_command, &show_command, &explore_command, &knockouts_command, &litmus_command,
	&linearize_command, &conform_command, &profile_command, &compare_command, &report_command, NULL
};
