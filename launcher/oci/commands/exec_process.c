/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/exec_process.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/config.h"
#include "profiles/capabilities.h"
#include "profiles/oci/oci_read.h"

static bool same_variable(const char *a, const char *b)
{
	size_t length = strcspn(a, "=");

	return length == strcspn(b, "=") && memcmp(a, b, length) == 0;
}

/* Each --env takes the place of the variable of that name, or stands behind the others. */
static int merge_env(const struct oci_parse *parse, struct arena *arena, struct spec_strings *env,
		     struct error *err)
{
	const char **items = arena_array(arena, env->n + parse->n_given + 1, sizeof(*items));
	size_t n = env->n;

	if (!items)
		return error_set(err, ENOMEM, "take over --env");
	for (size_t i = 0; i < n; i++)
		items[i] = env->items[i];
	for (size_t i = 0; i < parse->n_given; i++) {
		const char *value = parse->given[i].value;
		size_t at = 0;

		if (!str_equal(parse->given[i].option->name, "env"))
			continue;
		while (at < n && !same_variable(items[at], value))
			at++;
		items[at] = value;
		n += at == n;
	}
	*env = (struct spec_strings){ .items = items, .n = n };
	return 0;
}

static int set_user(const char *text, struct oci_user *user, struct error *err)
{
	const char *colon = strchr(text, ':');
	char uid[16];
	size_t length = colon ? (size_t)(colon - text) : strlen(text);

	if (length < sizeof(uid)) {
		memcpy(uid, text, length);
		uid[length] = '\0';
		/* The last number means "leave it as it is" to the kernel. */
		if (str_to_u32(uid, &user->uid) == 0 && (!colon || str_to_u32(colon + 1, &user->gid) == 0) &&
		    user->uid != (uid_t)-1 && user->gid != (gid_t)-1)
			return 0;
	}
	error_set(err, EINVAL, "understand --user %s", text);
	return error_remedy(err, "numbers only: UID or UID:GID; names are the engine's to resolve");
}

static int add_groups(const struct oci_parse *parse, struct arena *arena, struct oci_user *user,
		      struct error *err)
{
	gid_t *groups = arena_array(arena, user->n_groups + parse->n_given + 1, sizeof(*groups));
	size_t n = user->n_groups;

	if (!groups)
		return error_set(err, ENOMEM, "take over --additional-gids");
	if (n > 0)
		memcpy(groups, user->groups, n * sizeof(*groups));
	for (size_t i = 0; i < parse->n_given; i++) {
		if (!str_equal(parse->given[i].option->name, "additional-gids"))
			continue;
		if (str_to_u32(parse->given[i].value, &groups[n]) < 0 || groups[n++] == (gid_t)-1)
			return error_set(err, EINVAL, "understand --additional-gids %s: a number",
					 parse->given[i].value);
	}
	user->groups = groups;
	user->n_groups = n;
	return 0;
}

static int add_capabilities(const struct oci_parse *parse, struct oci_capabilities *caps, struct error *err)
{
	for (size_t i = 0; i < parse->n_given; i++) {
		const char *name = parse->given[i].value;
		int number;

		if (!str_equal(parse->given[i].option->name, "cap"))
			continue;
		number = capabilities_number(strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name);
		if (number < 0)
			return error_set(err, EINVAL, "give the unknown capability \"%s\"", name);
		caps->given = true;
		caps->bounding |= UINT64_C(1) << number;
		caps->permitted |= UINT64_C(1) << number;
		caps->effective |= UINT64_C(1) << number;
	}
	return 0;
}

static int from_flags(const struct oci_parse *parse, struct arena *arena, struct oci_process *process,
		      struct error *err)
{
	const char *user = oci_option_value(parse, "user"), *cwd = oci_option_value(parse, "cwd");
	int r = 0;

	if (parse->n_operands < 2)
		return error_set(err, EINVAL, "exec: process args cannot be empty");
	process->args = (struct spec_strings){ .items = (const char *const *)&parse->operands[1],
					       .n = (size_t)parse->n_operands - 1 };
	process->terminal = oci_option_value(parse, "tty") != NULL;
	if (cwd)
		process->cwd = cwd;
	if (process->cwd[0] != '/')
		return error_set(err, EINVAL, "work in %s: the directory must be absolute", process->cwd);
	if (oci_option_value(parse, "no-new-privs"))
		process->no_new_privileges = true;
	if (oci_option_value(parse, "apparmor"))
		process->apparmor = oci_option_value(parse, "apparmor");
	if (oci_option_value(parse, "process-label"))
		process->selinux = oci_option_value(parse, "process-label");
	if (user)
		r = set_user(user, &process->user, err);
	if (r == 0)
		r = add_groups(parse, arena, &process->user, err);
	if (r == 0)
		r = merge_env(parse, arena, &process->env, err);
	if (r == 0)
		r = add_capabilities(parse, &process->capabilities, err);
	return r;
}

static int from_file(const struct oci_parse *parse, struct arena *arena, struct oci_process *process,
		     struct error *err)
{
	const struct oci_process own = *process;
	struct oci_config file;
	int r = oci_config_read(oci_option_value(parse, "process"), arena, &file, err);

	if (r == 0)
		r = oci_read_process(file.path, file.text, file.size, arena, process, NULL, err);
	if (r < 0)
		return r;
	if (!process->capabilities.given)
		process->capabilities = own.capabilities;
	if (process->n_rlimits == 0) {
		process->rlimits = own.rlimits;
		process->n_rlimits = own.n_rlimits;
	}
	if (!process->apparmor)
		process->apparmor = own.apparmor;
	if (!process->selinux)
		process->selinux = own.selinux;
	if (oci_option_value(parse, "tty"))
		process->terminal = true;
	return 0;
}

int exec_process_fill(const struct oci_parse *parse, struct arena *arena, struct oci *oci, struct error *err)
{
	return oci_option_value(parse, "process") ? from_file(parse, arena, &oci->process, err)
						  : from_flags(parse, arena, &oci->process, err);
}
