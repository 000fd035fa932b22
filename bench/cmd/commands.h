/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - every command of the program. */
#ifndef FAULTLINE_BENCH_CMD_COMMANDS_H
#define FAULTLINE_BENCH_CMD_COMMANDS_H

#include "bench/ground/command.h"

extern const struct command list_command, topo_command, capture_command, bench_command, eras_command, numa_command,
	stress_command, replay_command, show_command, explore_command, knockouts_command, litmus_command,
	linearize_command, conform_command, profile_command, compare_command, report_command, manual_command;

/* The commands that help prints; NULL past the last one. */
extern const struct command *const commands[];

#endif
