/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What runs, what it is called and what it listens on. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/convert/docker.h"
#include "lab/convert/docker_parts.h"
#include "lab/convert/draft.h"
#include "profiles/values.h"

enum { FILE_MAX_BYTES = 256 * 1024 };

void docker_env(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;
	const char *equals = strchr(value, '=');
	char *name = arena_memdup(draft->arena, value, equals ? (size_t)(equals - value) : strlen(value));

	if (!name)
		draft->exhausted = true;
	else if (equals)
		draft_env(draft, name, equals + 1);
	else
		draft_add(draft, draft_array(draft, draft->root, "env_from_host"), name);
}

/* Lines of NAME=VALUE, without quotes; '#' begins a comment. */
static void each_line(struct docker *docker, const char *option, const char *path,
		      void (*apply)(struct docker *docker, const char *value))
{
	char *text = arena_alloc(docker->draft->arena, FILE_MAX_BYTES), *line;
	ssize_t n = text ? fd_read_file(AT_FDCWD, path, text, FILE_MAX_BYTES) : -ENOMEM;

	if (n < 0) {
		if (docker->r == 0)
			docker->r =
				error_set(docker->err, (int)-n, "read the file of --%s, %s", option, path);
		return;
	}
	while ((line = strsep(&text, "\n"))) {
		line += strspn(line, " \t");
		line[strcspn(line, "\r")] = '\0';
		if (line[0] && line[0] != '#')
			apply(docker, line);
	}
}

void docker_env_file(struct docker *docker, const char *value)
{
	each_line(docker, "env-file", value, docker_env);
}

void docker_label(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;
	const char *equals = strchr(value, '=');
	char *name = arena_memdup(draft->arena, value, equals ? (size_t)(equals - value) : strlen(value));

	if (name && name[0])
		draft_string(draft, draft_object(draft, draft->root, "labels"), name,
			     equals ? equals + 1 : "");
}

void docker_label_file(struct docker *docker, const char *value)
{
	each_line(docker, "label-file", value, docker_label);
}

void docker_workdir(struct docker *docker, const char *value)
{
	if (value[0] == '/')
		draft_string(docker->draft, docker->draft->root, "workdir", value);
	else
		docker_fail(docker, "workdir", value, "it must be absolute");
}

void docker_name(struct docker *docker, const char *value)
{
	draft_name(docker->draft, value);
}

void docker_hostname(struct docker *docker, const char *value)
{
	draft_string(docker->draft, docker->draft->root, "hostname", value);
}

void docker_entrypoint(struct docker *docker, const char *value)
{
	docker->entrypoint = value;
}

void docker_interactive(struct docker *docker, const char *value)
{
	(void)value;
	draft_string(docker->draft, docker->draft->root, "stdin", "inherit");
}

void docker_network(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;

	docker->network = true;
	if (str_equal(value, "none"))
		draft_string(draft, draft->root, "network", "loopback");
	else if (str_equal(value, "host"))
		draft_string(draft, draft->root, "network", "host");
	else
		draft_lost(
			draft,
			"--network %s: kapsel makes no network: here is none; \"listen\" hands over bound "
			"sockets, and \"network\": { \"mode\": \"join\" } takes a namespace made by others",
			value);
}

/* "[address:][host port:]container port[/protocol]"; ranges are lost. */
void docker_publish(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;
	char *text = arena_strdup(draft->arena, value), *protocol, *inside, *port = NULL, *address = NULL;
	struct json *entry;
	const char *bound;

	docker->publishes = true;
	if (!text) {
		draft->exhausted = true;
		return;
	}
	protocol = text;
	strsep(&protocol, "/");
	inside = strrchr(text, ':');
	if (inside) {
		*inside++ = '\0';
		port = strrchr(text, ':');
		if (port) {
			*port++ = '\0';
			address = text;
		} else {
			port = text;
		}
	}
	if (!port || !values_is_port(port)) {
		draft_lost(draft, "-p %s: write one port of the host into \"listen\"", value);
		return;
	}
	if (protocol && !str_equal(protocol, "tcp") && !str_equal(protocol, "udp")) {
		draft_lost(draft, "-p %s: kapsel binds TCP and UDP", value);
		return;
	}
	bound = arena_printf(draft->arena, "%s:%s", address && address[0] ? address : "0.0.0.0", port);
	entry = draft_object(draft, draft_object(draft, draft->root, "listen"),
			     arena_printf(draft->arena, "port-%s%s%s", port, protocol ? "-" : "",
					  protocol ? protocol : ""));
	draft_string(draft, entry, protocol && str_equal(protocol, "udp") ? "datagram" : "stream", bound);
	docker->n_published++;
}
