/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/syscall_list.h"

#include <errno.h>
#include <fcntl.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/spec.h"
#include "seccomp/group_table.h"
#include "seccomp/groups.h"
#include "seccomp/policy.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };

bool syscall_list_add(struct syscall_list *list, const char *name)
{
	int row = syscall_row_find(name);

	if (row >= 0)
		list->rows[row] = true;
	return row >= 0;
}

void syscall_list_remove(struct syscall_list *list, const char *name)
{
	int row = syscall_row_find(name);

	if (row >= 0)
		list->rows[row] = false;
}

static const char *const any_program[] = { "*", NULL };

/* What a profile that opens just this word allows; NULL: nothing beyond what always is. */
static void read_open(const char *word, bool open[SYSCALL_ROWS])
{
	const char *const words[] = { word, NULL };
	const struct spec spec = {
		.syscalls = { words, word ? 1 : 0 },
		.exec_allow = { any_program, 1 },
	};
	struct error err = { 0 };
	struct policy policy;

	memset(open, 0, SYSCALL_ROWS * sizeof(*open));
	if (policy_read(&spec, -1, &policy, &err) < 0)
		return;
	for (size_t row = 0; row < SYSCALL_ROWS; row++)
		open[row] = policy.verdicts[row] == FILTER_ALLOWED ||
			    policy.verdicts[row] == FILTER_ALLOWED_BY_ARGUMENT;
}

/* Calls that the group would open and that no group before covered; 0 where one is not on the list. */
static size_t gain(const struct syscall_list *list, const bool *open, const bool *covered)
{
	size_t n = 0;

	for (size_t row = 0; row < SYSCALL_ROWS; row++) {
		if (!open[row] || covered[row] || syscall_row_number(row) < 0)
			continue;
		if (list->rows[row])
			n++;
		/* In a group these two set the id that one has: nothing that a list would refuse with intent.
		 */
		else if (row != SYSCALL_ROW_setuid && row != SYSCALL_ROW_setgid)
			return 0;
	}
	return n;
}

/* What a group opens, by row. */
struct opened {
	const struct syscall_group *group;
	bool rows[SYSCALL_ROWS];
};

static const struct opened *best_group(const struct syscall_list *list, const struct opened *groups, size_t n,
				       const bool *covered)
{
	const struct opened *best = NULL;
	size_t most = 1; /* one call is better said by its name */

	for (size_t i = 0; i < n; i++) {
		size_t here = gain(list, groups[i].rows, covered);

		if (here > most) {
			most = here;
			best = &groups[i];
		}
	}
	return best;
}

static struct opened *read_groups(struct arena *arena, size_t *ret_n)
{
	const struct syscall_group *groups = groups_all(ret_n);
	struct opened *opened = arena_array(arena, *ret_n, sizeof(*opened));

	for (size_t i = 0; opened && i < *ret_n; i++) {
		opened[i].group = &groups[i];
		read_open(groups[i].name, opened[i].rows);
	}
	return opened;
}

static void drop_never(struct syscall_list *list, struct draft *draft)
{
	const char *const *never = group_never_calls();

	for (size_t i = 0; never[i]; i++) {
		int row = syscall_row_find(never[i]);

		if (row < 0 || !list->rows[row])
			continue;
		list->rows[row] = false;
		draft_lost(draft, "syscalls: %s is refused to every workload", never[i]);
	}
}

void syscall_list_write(struct syscall_list *list, struct draft *draft)
{
	struct json *allow = draft_array(draft, draft_object(draft, draft->root, "syscalls"), "allow");
	const struct opened *best, *groups;
	bool covered[SYSCALL_ROWS];
	size_t n;

	drop_never(list, draft);
	read_open(NULL, covered);
	groups = read_groups(draft->arena, &n);
	if (!groups) {
		draft->exhausted = true;
		return;
	}
	while ((best = best_group(list, groups, n, covered))) {
		draft_add(draft, allow, best->group->name);
		for (size_t row = 0; row < SYSCALL_ROWS; row++)
			covered[row] = covered[row] || best->rows[row];
	}
	for (size_t row = 0; row < SYSCALL_ROWS; row++)
		if (list->rows[row] && !covered[row] && syscall_row_number(row) >= 0)
			draft_add(draft, allow, syscall_rows[row].name);
}

static void add_rule(struct syscall_list *list, struct draft *draft, const struct json *rule)
{
	const struct json *action = json_get(rule, "action"), *names = json_get(rule, "names");
	const struct json *args = json_get(rule, "args"),
			  *caps = json_get(json_get(rule, "includes"), "caps");
	bool allows = action && action->type == JSON_STRING && str_equal(action->text, "SCMP_ACT_ALLOW");

	if (!allows || !names || names->type != JSON_ARRAY)
		return;
	if (caps && caps->n > 0)
		return; /* for containers that hold such a capability */
	for (const struct json *name = names->first; name; name = name->next) {
		if (name->type != JSON_STRING)
			continue;
		syscall_list_add(list, name->text); /* names of other architectures are no loss */
		if (args && args->n > 0)
			draft_lost(draft, "seccomp: %s: its arguments are judged by kapsel's own rules",
				   name->text);
	}
}

int syscall_list_read_docker(struct draft *draft, const char *path, struct error *err)
{
	struct source *source = arena_alloc(draft->arena, sizeof(*source));
	struct findings *findings = arena_alloc(draft->arena, sizeof(*findings));
	struct syscall_list *list = arena_alloc(draft->arena, sizeof(*list));
	char *text = arena_alloc(draft->arena, FILE_MAX_BYTES);
	const struct json *action, *rules;
	struct json *root;
	ssize_t n;

	if (!source || !findings || !list || !text)
		return error_set(err, ENOMEM, "read the seccomp profile %s", path);
	n = fd_read_file(AT_FDCWD, path, text, FILE_MAX_BYTES);
	if (n < 0)
		return error_set(err, (int)-n, "read the seccomp profile %s", path);
	*source = (struct source){ .name = path, .text = text, .size = (size_t)n };
	if (json_parse(source, JSON_LENIENT, draft->arena, findings, &root) < 0)
		return error_set(err, EINVAL, "read the seccomp profile %s: %s", path,
				 findings->n > 0 ? findings->items[0].message : "not JSON");
	action = json_get(root, "defaultAction");
	rules = json_get(root, "syscalls");
	if (!action || action->type != JSON_STRING || !rules || rules->type != JSON_ARRAY)
		return error_set(err, EINVAL, "read the seccomp profile %s: no defaultAction or syscalls",
				 path);
	if (str_equal(action->text, "SCMP_ACT_ALLOW")) {
		draft_lost(draft, "seccomp: a list of what is refused: kapsel's says what is allowed");
		draft_add(draft, draft_array(draft, draft_object(draft, draft->root, "syscalls"), "allow"),
			  "@docker-default");
		return 0;
	}
	for (const struct json *rule = rules->first; rule; rule = rule->next)
		add_rule(list, draft, rule);
	syscall_list_write(list, draft);
	return 0;
}
