/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Environment, arguments and mappings. All three lie in memory that the process can write: a hostile one
 * can hide what is there, so a finding is certain and its absence is not. Values are looked at and never
 * kept.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"
#include "lab/audit/secrets.h"

static void read_environ(int process, struct arena *arena, struct facts *facts)
{
	char *text = NULL, name[64];
	ssize_t got = facts_text(process, "environ", arena, &text);

	facts->environ_error = got < 0 ? (int)-got : 0;
	for (ssize_t at = 0; at < got;) {
		char *variable = text + at, *value = strchr(variable, '=');

		at += (ssize_t)strlen(variable) + 1;
		if (!value)
			continue;
		*value++ = '\0';
		if (!secrets_suspicious(variable, value))
			continue;
		facts->n_secrets_in_environ++;
		str_escape(name, sizeof(name), variable);
		facts_append(facts->secrets_in_environ, sizeof(facts->secrets_in_environ), name);
	}
}

/* "--password=x"; and "--password", "x". */
static void read_arguments(int process, struct arena *arena, struct facts *facts)
{
	char *text = NULL;
	ssize_t got = facts_text(process, "cmdline", arena, &text);

	facts->cmdline_error = got < 0 ? (int)-got : 0;
	for (ssize_t at = 0; at < got && !facts->secret_in_arguments[0];) {
		char *word = text + at, *value = strchr(word, '=');

		at += (ssize_t)strlen(word) + 1;
		if (value)
			*value++ = '\0';
		else
			value = at < got ? text + at : word + strlen(word);
		if (secrets_value(word) ||
		    (word[0] == '-' && value[0] != '-' && secrets_suspicious(word, value)))
			str_escape(facts->secret_in_arguments, sizeof(facts->secret_in_arguments),
				   secrets_value(word) ? "a token" : word);
	}
}

static void read_maps(int process, struct arena *arena, struct facts *facts)
{
	char *text = NULL, *line;
	ssize_t got = facts_text(process, "maps", arena, &text);

	facts->maps_error = got < 0 ? (int)-got : 0;
	while (got > 0 && (line = strsep(&text, "\n"))) {
		char rights[8], name[FACTS_TEXT_MAX];

		if (sscanf(line, "%*s %7s", rights) != 1 || rights[1] != 'w' || rights[2] != 'x')
			continue;
		facts->n_writable_code++;
		str_escape(name, sizeof(name), line);
		if (facts->n_writable_code == 1)
			snprintf(facts->writable_code, sizeof(facts->writable_code), "%s", name);
	}
}

void facts_read_memory(int process, struct arena *arena, struct facts *facts)
{
	read_environ(process, arena, facts);
	read_arguments(process, arena, facts);
	read_maps(process, arena, facts);
}
