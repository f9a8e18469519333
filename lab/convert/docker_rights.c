/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who it is and what it may: user, capabilities, namespaces, security options. */
#include <ctype.h>
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/docker.h"
#include "lab/convert/docker_parts.h"
#include "lab/convert/draft.h"
#include "lab/convert/syscall_list.h"

void docker_cap_add(struct docker *docker, const char *value)
{
	docker->capability = true;
	if (strcasecmp(value, "ALL") == 0)
		draft_lost(docker->draft, "--cap-add ALL: name the capabilities that it needs");
	else if (!draft_capability(docker->draft, value))
		docker_fail(docker, "cap-add", value, "no such capability");
}

/* There is nothing to drop: a profile begins with none. */
void docker_cap_drop(struct docker *docker, const char *value)
{
	if (strcasecmp(value, "ALL") == 0)
		docker->drops_all = true;
}

static void seccomp(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;

	if (str_equal(value, "unconfined")) {
		draft_lost(draft,
			   "--security-opt seccomp=unconfined: there is always a filter: \"@docker-default\" "
			   "is the widest group");
		return;
	}
	if (docker->r == 0 && !str_equal(value, "builtin"))
		docker->r = syscall_list_read_docker(draft, value, docker->err);
	docker->seccomp = !str_equal(value, "builtin");
}

void docker_security_opt(struct docker *docker, const char *value)
{
	size_t length = strcspn(value, "=:");
	const char *rest = value[length] ? value + length + 1 : "";
	struct draft *draft = docker->draft;

	if (str_starts(value, "no-new-privileges")) {
		docker->no_new_privileges = !str_equal(rest, "false");
	} else if (str_starts(value, "seccomp")) {
		seccomp(docker, rest);
	} else if (str_starts(value, "apparmor")) {
		if (str_equal(rest, "unconfined") || str_equal(rest, "docker-default"))
			draft_lost(draft, "--security-opt %s: kapsel loads no profile of its own", value);
		else
			draft_string(draft, draft->root, "apparmor", rest);
	} else if (str_starts(value, "label")) {
		draft_lost(draft, "--security-opt %s: \"selinux\" wants the whole label", value);
	} else if (str_equal(value, "systempaths=unconfined") || str_equal(value, "systempaths:unconfined")) {
		draft_string(draft, draft->root, "proc", "full");
		draft_lost(draft, "--security-opt %s: the kernel's secrets in /proc stay covered", value);
	} else {
		draft_lost(draft, "--security-opt %s: kapsel knows no such option", value);
	}
}

void docker_privileged(struct docker *docker, const char *value)
{
	(void)value;
	if (docker->r < 0)
		return;
	docker->r = error_set(docker->err, EPERM,
			      "import --privileged: that is the host's root, not a container");
	error_remedy(docker->err, "leave it out, and open what is needed: --cap-add, --device, --sysctl");
}

void docker_user(struct docker *docker, const char *value)
{
	docker->user = true;
	draft_user(docker->draft, "--user", value);
}

void docker_group_add(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;
	struct json *user = draft_object(draft, draft->root, "user");
	uint32_t gid = 0;

	if (str_to_u32(value, &gid) < 0) {
		draft_lost(draft, "--group-add %s: a profile has numbers: see /etc/group of the image",
			   value);
		return;
	}
	draft_number(draft, draft_array(draft, user, "groups"), NULL, gid);
	draft_number(draft, user, "host_range", 65536); /* a single id has no room for more groups */
}

void docker_sysctl(struct docker *docker, const char *value)
{
	struct draft *draft = docker->draft;
	const char *equals = strchr(value, '=');
	char *name = equals ? arena_memdup(draft->arena, value, (size_t)(equals - value)) : NULL;

	if (!name)
		docker_fail(docker, "sysctl", value, "not NAME=VALUE");
	else
		draft_string(draft, draft_object(draft, draft->root, "sysctls"), name, equals + 1);
}

static void share(struct docker *docker, const char *option, const char *value, const char *name)
{
	struct draft *draft = docker->draft;

	if (str_equal(value, "host"))
		draft_add(draft, draft_array(draft, draft->root, "share_host"), name);
	else if (!str_equal(value, "private") && !str_equal(value, "none") && value[0])
		draft_lost(draft, "--%s %s: it is the container's own: containers share none", option, value);
}

void docker_ipc(struct docker *docker, const char *value)
{
	share(docker, "ipc", value, "ipc");
}

void docker_pid(struct docker *docker, const char *value)
{
	share(docker, "pid", value, "pid");
	if (!str_equal(value, "host"))
		return;
	draft_string(docker->draft, docker->draft->root, "proc", "none");
	draft_lost(docker->draft, "--pid host: the host's /proc is not shown");
}

void docker_uts(struct docker *docker, const char *value)
{
	share(docker, "uts", value, "uts");
}

void docker_cgroupns(struct docker *docker, const char *value)
{
	share(docker, "cgroupns", value, "cgroup");
}

void docker_userns(struct docker *docker, const char *value)
{
	if (str_equal(value, "host"))
		draft_lost(docker->draft, "--userns host: a container always has ids of its own");
	else if (value[0])
		draft_lost(docker->draft, "--userns %s: say user.host_id and user.host_range", value);
}
