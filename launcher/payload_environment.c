/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/payload_environment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "launcher/run.h"
#include "profiles/spec.h"

enum { OWN_VARIABLES = 6 }; /* at most so many beyond the profile's */

struct variables {
	struct arena *arena;
	const char **items;
	size_t n;
	bool exhausted;
};

static void add(struct variables *variables, const char *text)
{
	variables->exhausted = variables->exhausted || !text;
	variables->items[variables->n++] = text;
}

/* LISTEN_PID and WATCHDOG_PID are the payload's pid, which only it knows: it writes into the space left here.
 */
static char *add_room(struct variables *variables)
{
	char *room = arena_alloc(variables->arena, LISTEN_PID_SIZE);

	add(variables, room);
	return room;
}

/* sd_listen_fds(3) */
static void add_listen(struct variables *variables, const struct spec *spec, struct payload_environment *ret)
{
	char names[1024] = "LISTEN_FDNAMES=";

	for (size_t i = 0; i < spec->n_listen; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", i ? ":" : "", spec->listen[i].name);
	}
	add(variables, arena_printf(variables->arena, "LISTEN_FDS=%zu", spec->n_listen));
	add(variables, arena_strdup(variables->arena, names));
	ret->listen_pid = add_room(variables);
}

int payload_environment_build(const struct spec *spec, struct arena *arena, struct payload_environment *ret,
			      struct error *err)
{
	struct variables variables = {
		.arena = arena,
		.items = arena_array(arena, spec->env.n + OWN_VARIABLES + 1, sizeof(*variables.items)),
	};

	*ret = (struct payload_environment){ 0 };
	if (!variables.items)
		return error_set(err, ENOMEM, "format the environment");
	for (size_t i = 0; i < spec->env.n; i++)
		add(&variables,
		    arena_printf(arena, "%s=%s", spec->env.items[i].name, spec->env.items[i].value));
	if (spec->n_listen > 0)
		add_listen(&variables, spec, ret);
	if (spec->notify) /* sd_notify(3), sd_watchdog_enabled(3) */
		add(&variables, "NOTIFY_SOCKET=/dev/notify");
	if (spec->notify && spec->watchdog_ms > 0) {
		add(&variables, arena_printf(arena, "WATCHDOG_USEC=%" PRIu64, spec->watchdog_ms * 1000));
		ret->watchdog_pid = add_room(&variables);
	}
	if (variables.exhausted)
		return error_set(err, ENOMEM, "format the environment");
	ret->envp = (char *const *)(uintptr_t)variables.items;
	return 0;
}
