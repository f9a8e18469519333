/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities, system calls, network, devices, labels: systemd.exec(5). */
#include <string.h>

#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/import_systemd_parts.h"
#include "lab/convert/syscall_list.h"
#include "lab/convert/systemd_sets.h"
#include "profiles/capabilities.h"
#include "seccomp/groups.h"

/* A list of capabilities; "~" in front is lost, an empty one begins again. Return: whether it counts. */
static bool read_capabilities(struct systemd *systemd, const char *value, uint64_t *bits)
{
	const char *const *words = systemd_words(systemd);

	if (!value[0])
		*bits = 0;
	if (value[0] == '~') {
		systemd_lost(systemd, "all but these: write the ones that are needed");
		return false;
	}
	for (; words && *words; words++) {
		int number = capabilities_number(strncasecmp(*words, "CAP_", 4) == 0 ? *words + 4 : *words);

		if (number >= 0)
			*bits |= UINT64_C(1) << number;
		else
			systemd_lost(systemd, "no such capability");
	}
	return true;
}

void systemd_bounding(struct systemd *systemd, const char *value)
{
	if (read_capabilities(systemd, value, &systemd->bounding))
		systemd->bounding_given = true;
}

void systemd_ambient(struct systemd *systemd, const char *value)
{
	read_capabilities(systemd, value, &systemd->ambient);
}

/*
 * The first line decides which kind of list it is; later ones add to it or take from it, whichever
 * kind they are.
 */
void systemd_system_call_filter(struct systemd *systemd, const char *value)
{
	const char *const *words;
	bool allow = value[0] != '~', first = true;

	if (!value[0]) {
		memset(systemd->calls, 0, sizeof(*systemd->calls));
		systemd->filter_given = systemd->filter_allows = false;
		return;
	}
	if (!systemd->filter_given) {
		systemd->filter_given = true;
		systemd->filter_allows = allow;
		systemd_sets_apply(systemd->calls, "@default", allow);
		if (!allow) {
			const struct syscall_group *group = groups_find("@docker-default");

			for (size_t i = 0; group && group->calls[i]; i++)
				syscall_list_add(systemd->calls, group->calls[i]);
		}
	}
	for (words = systemd_words(systemd); words && *words; words++, first = false) {
		const char *word = *words + (first && !allow ? 1 : 0);
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, ":"), word);
		if (name[0] && !systemd_sets_apply(systemd->calls, name, allow))
			draft_lost(systemd->draft, "SystemCallFilter=: %s: no such system call or set", name);
		if (allow && (str_equal(name, "@process") || str_equal(name, "@system-service")))
			draft_note(systemd->draft,
				   "SystemCallFilter=: %s without clone3, setns and unshare: see "
				   "\"allow_nested_namespaces\"",
				   name);
		if (strchr(word, ':'))
			draft_lost(systemd->draft, "SystemCallFilter=: %s: refused calls get EPERM", word);
	}
}

void systemd_error_number(struct systemd *systemd, const char *value)
{
	struct json *syscalls = draft_object(systemd->draft, systemd->draft->root, "syscalls");

	if (!value[0] || str_equal(value, "kill"))
		return;
	draft_string(systemd->draft, syscalls, "on_violation", "errno");
	if (!str_equal(value, "EPERM"))
		systemd_lost(systemd, "refused calls get EPERM");
}

void systemd_private_network(struct systemd *systemd, const char *value)
{
	if (!systemd_true(value))
		return;
	draft_string(systemd->draft, systemd->draft->root, "network", "loopback");
	systemd->network = true;
}

void systemd_network_path(struct systemd *systemd, const char *value)
{
	struct json *network = draft_object(systemd->draft, systemd->draft->root, "network");

	draft_string(systemd->draft, network, "mode", "join");
	draft_string(systemd->draft, network, "netns", value);
	systemd->network = true;
}

void systemd_address_families(struct systemd *systemd, const char *value)
{
	static const char *const open[] = { "AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "none" };
	const char *const *words = systemd_words(systemd);

	if (value[0] == '~') {
		systemd_lost(systemd, "UNIX, INET and INET6 are all that can be opened");
		return;
	}
	for (; words && *words; words++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(open); i++)
			known = known || str_equal(*words, open[i]);
		if (!known)
			draft_lost(systemd->draft, "RestrictAddressFamilies=: %s can't be opened", *words);
	}
	if (str_equal(value, "AF_UNIX") || str_equal(value, "none"))
		draft_note(systemd->draft,
			   "RestrictAddressFamilies=: the groups @socket-client and @socket-server "
			   "open INET, too; without a network it reaches nobody");
}

void systemd_device_allow(struct systemd *systemd, const char *value)
{
	const char *const *words = systemd_words(systemd);
	const char *access = words && words[0] && words[1] ? words[1] : "rw";
	bool reads = strchr(access, 'r') != NULL, writes = strchr(access, 'w') != NULL;

	if (!words || !words[0])
		return;
	if (!str_starts(value, "/dev/") || (!reads && !writes)) {
		systemd_lost(systemd, "name the device by its path below /dev");
		return;
	}
	draft_string(systemd->draft, draft_object(systemd->draft, systemd->draft->root, "devices"), words[0],
		     reads && writes ? "rw"
		     : writes        ? "w"
				     : "r");
}

void systemd_selinux(struct systemd *systemd, const char *value)
{
	draft_string(systemd->draft, systemd->draft->root, "selinux", value[0] == '-' ? value + 1 : value);
}

void systemd_apparmor(struct systemd *systemd, const char *value)
{
	draft_string(systemd->draft, systemd->draft->root, "apparmor", value[0] == '-' ? value + 1 : value);
}

void systemd_write_execute(struct systemd *systemd, const char *value)
{
	if (!systemd_true(value))
		draft_note(systemd->draft,
			   "MemoryDenyWriteExecute=no: write \"allow_jit\": true if it generates "
			   "code");
}

static void finish_capabilities(struct systemd *systemd)
{
	bool root = !systemd->user || str_equal(systemd->user, "root") || str_equal(systemd->user, "0");
	uint64_t bits = systemd->ambient | (root && systemd->bounding_given ? systemd->bounding : 0);

	for (int number = 0; number < 64; number++)
		if ((bits & (UINT64_C(1) << number)) && capabilities_name(number))
			draft_capability(systemd->draft, capabilities_name(number));
	if (root && !systemd->bounding_given)
		draft_note(systemd->draft,
			   "capabilities: the unit runs as root with all of them; here it has none: "
			   "add what it needs");
	if (root && !systemd->user)
		draft_note(systemd->draft, "user: the unit has no User=; here it is 65532");
}

void systemd_sandbox_finish(struct systemd *systemd)
{
	struct draft *draft = systemd->draft;
	struct json *allow = draft_array(draft, draft_object(draft, draft->root, "syscalls"), "allow");

	finish_capabilities(systemd);
	if (systemd->filter_given) {
		syscall_list_write(systemd->calls, draft);
	} else {
		draft_add(draft, allow, "@docker-default");
		draft_note(draft, "syscalls: the unit has no SystemCallFilter=; here it is @docker-default; "
				  "\"kapsel learn\" finds what it really needs");
	}
	draft_add(draft, draft_array(draft, draft_object(draft, draft->root, "exec"), "allow"), "*");
}
