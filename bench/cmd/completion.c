/* SPDX-License-Identifier: GPL-2.0-or-later */
/* completion.c - what shells complete: commands, their options, names of workloads, policies, knock-outs, patterns. */
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/commands.h"
#include "bench/cmd/manual.h"
#include "bench/linearize/generate.h"
#include "core/faultline.h"
#include "workloads/lib/litmus_run.h"
#include "workloads/lib/workload.h"

/* A word of which there is one for each name of a kind; NULL past the last one. */
static const char *workload_name(unsigned int i)
{
	return i < nr_workloads() ? workload_get(i)->name : NULL;
}

static const char *scenario_name(unsigned int i)
{
	return i < nr_scenarios() ? scenario_get(i)->name : NULL;
}

static const char *policy_name(unsigned int i)
{
	return i < nr_policy_presets ? policy_presets[i].name : NULL;
}

static const char *knockout_name(unsigned int i)
{
	const struct knockout *knockout = knockout_get(i);

	return knockout ? knockout->name : NULL;
}

static const char *pattern_name(unsigned int i)
{
	return i < nr_litmus() ? litmus_get(i)->name : NULL;
}

static const char *mix_name(unsigned int i)
{
	return i < nr_mixes ? mixes[i].name : NULL;
}

static void put_names(FILE *out, const char *(*name)(unsigned int i))
{
	for (unsigned int i = 0; name(i); i++)
		fprintf(out, "%s%s", i ? " " : "", name(i));
}

/* What the arguments of a command name; NULL: files, or nothing. */
static const char *(*names_of(const struct manual_entry *entry))(unsigned int)
{
	if (entry->command == &linearize_command)
		return mix_name;
	if (strstr(entry->arguments, "SCENARIO"))
		return scenario_name;
	if (strstr(entry->arguments, "WORKLOAD"))
		return workload_name;
	if (strstr(entry->arguments, "KNOCKOUT"))
		return knockout_name;
	return strstr(entry->arguments, "PATTERN") ? pattern_name : NULL;
}

/* Values of @option, with spaces between them: names, or the alternatives that its help lists. */
static void put_values(FILE *out, const struct poptOption *option)
{
	if (!strcmp(option->longName, "policy")) {
		fputs("all ", out);
		put_names(out, policy_name);
	} else if (!strcmp(option->longName, "knockout")) {
		put_names(out, knockout_name);
	} else {
		for (const char *value = option->argDescrip; *value;) {
			size_t length = strcspn(value, "|");

			if (value[0] >= 'a' && value[0] <= 'z' && !memchr(value, ':', length))
				fprintf(out, "%.*s ", (int)length, value);
			value += length + (value[length] == '|');
		}
	}
}

static bool has_values(const struct poptOption *option)
{
	return option->argDescrip && (!strcmp(option->longName, "policy") || !strcmp(option->longName, "knockout") ||
				      strchr(option->argDescrip, '|'));
}

/* Calls @put for each option that has a long name and is not hidden. */
static void each_option(FILE *out, const struct poptOption *option,
			void (*put)(FILE *out, const struct poptOption *option))
{
	for (; option->longName || option->shortName || option->arg; option++)
		if ((option->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
			each_option(out, option->arg, put);
		else if (option->longName && !(option->argInfo & POPT_ARGFLAG_DOC_HIDDEN))
			put(out, option);
}

/* ---- bash ---- */
static void put_bash_option(FILE *out, const struct poptOption *option)
{
	fprintf(out, "--%s ", option->longName);
}

static void put_bash_values(FILE *out, const struct poptOption *option)
{
	if (!has_values(option))
		return;
	fprintf(out, "\t\t--%s", option->longName);
	if (option->shortName)
		fprintf(out, " | -%c", option->shortName);
	fputs(") values='", out);
	put_values(out, option);
	fputs("' ;;\n", out);
}

static void put_bash_command(FILE *out, const struct manual_entry *entry)
{
	const char *(*names)(unsigned int) = names_of(entry);

	fprintf(out, "\t%s)\n\t\toptions='", entry->command->name);
	each_option(out, entry->options, put_bash_option);
	fputs("'\n\t\tnames='", out);
	if (names)
		put_names(out, names);
	fputs("'\n\t\tcase $previous in\n", out);
	each_option(out, entry->options, put_bash_values);
	fputs("\t\tesac\n\t\t;;\n", out);
}

void completion_put_bash(FILE *out, const struct manual_entry *entries, unsigned int nr)
{
	fputs("# Written by faultline manual: do not edit.\n_faultline()\n{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options='' names='' "
	      "values=''\n"
	      "\n\t# --option=value is three words\n"
	      "\tif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	      "\tif [[ $current == = ]]; then current=; fi\n"
	      "\tCOMPREPLY=()\n\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W '", out);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "%s ", entries[i].command->name);
	fputs("help --help --version' -- \"$current\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n", out);
	for (unsigned int i = 0; i < nr; i++)
		put_bash_command(out, &entries[i]);
	fputs("\tesac\n\tif [[ $values ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$values\" -- \"$current\"))\n"
	      "\telif [[ $current == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
	      "\telse\n\t\tCOMPREPLY=($(compgen -W \"$names\" -- \"$current\"))\n\tfi\n}\n"
	      "complete -o default -F _faultline faultline faultline-check\n", out);
}

/* ---- zsh ---- */
/* In quotes and brackets, and with colons between fields. */
static void put_zsh_text(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
}

/* Names of knock-outs have colons. */
static void put_zsh_values(FILE *out, const struct poptOption *option)
{
	char *text = NULL;
	size_t size;
	FILE *values = open_memstream(&text, &size);

	if (!values)
		return;
	put_values(values, option);
	fclose(values);
	fputc('(', out);
	put_zsh_text(out, text);
	fputc(')', out);
	free(text);
}

static void put_zsh_option(FILE *out, const struct poptOption *option)
{
	fprintf(out, "\t\t\t'--%s%s[", option->longName, option->argDescrip ? "=" : "");
	put_zsh_text(out, option->descrip);
	fputc(']', out);
	if (option->argDescrip) {
		fputc(':', out);
		put_zsh_text(out, option->argDescrip);
		fputc(':', out);
		if (has_values(option)) {
			put_zsh_values(out, option);
		} else if (strstr(option->argDescrip, "FILE")) {
			fputs("_files", out);
		}
	}
	fputs("' \\\n", out);
}

static void put_zsh_command(FILE *out, const struct manual_entry *entry)
{
	const char *(*names)(unsigned int) = names_of(entry);

	fprintf(out, "\t%s)\n\t\t_arguments \\\n", entry->command->name);
	each_option(out, entry->options, put_zsh_option);
	if (names) {
		fputs("\t\t\t'*:name:(", out);
		for (unsigned int i = 0; names(i); i++) {
			fputc(' ', out);
			put_zsh_text(out, names(i));
		}
		fputs(")'\n", out);
	} else {
		fputs("\t\t\t'*:file:_files'\n", out);
	}
	fputs("\t\t;;\n", out);
}

void completion_put_zsh(FILE *out, const struct manual_entry *entries, unsigned int nr)
{
	fputs("#compdef faultline faultline-check\n# Written by faultline manual: do not edit.\n"
	      "local -a commands\ncommands=(\n", out);
	for (unsigned int i = 0; i < nr; i++) {
		fprintf(out, "\t'%s:", entries[i].command->name);
		put_zsh_text(out, entries[i].command->what);
		fputs("'\n", out);
	}
	fputs(")\nif ((CURRENT == 2)); then\n\t_describe command commands\nelse\n\tshift words\n\t((CURRENT--))\n"
	      "\tcase $words[1] in\n", out);
	for (unsigned int i = 0; i < nr; i++)
		put_zsh_command(out, &entries[i]);
	fputs("\tesac\nfi\n", out);
}
