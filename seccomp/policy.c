/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/policy.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "seccomp/group_table.h"
#include "seccomp/groups.h"

/* How a call came to be open; the bits of one byte per row. */
enum opened {
	OPENED_BY_NAME = 1 << 0,
	OPENED_BY_GROUP = 1 << 1,
	OPENED_BY_PROCESS = 1 << 2,
	OPENED_BY_THREADS = 1 << 3,
	OPENED_NEVER = 1 << 4,  /* not open: on the list of calls without a reason */
	OPENED_ABSENT = 1 << 5, /* not open: on the list of calls that look absent */
	OPENED_BY_NOTIFY = 1 << 6,
	OPENED_MASK = OPENED_BY_NAME | OPENED_BY_GROUP | OPENED_BY_NOTIFY,
};

struct openings {
	uint8_t rows[SYSCALL_ROWS];
	bool netlink;
};

/*
 * What the launcher's own payload calls after the filter is in place, and what the kernel
 * makes a process call: a profile without it could not start. uretprobe and uprobe are
 * entered from the kernel's trampoline when the host traces a program; before Linux 6.14
 * a filter without them kills the traced program.
 */
static const char *const floor_calls[] = {
	"close",        "exit",   "exit_group", "read",  "restart_syscall",
	"rt_sigreturn", "uprobe", "uretprobe",  "write", NULL,
};

/* What each allow_ key opens beside the rules it lifts. */
static const char *const nested_calls[] = { "clone3", "setns", "unshare", NULL };
static const char *const ptrace_calls[] = {
	"kcmp", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace", NULL,
};

/* sd_notify(3), as libsystemd and the scripts that do it themselves call it. */
static const char *const notify_calls[] = {
	"getsockopt", "sendmsg", "sendto", "setsockopt", "socket", NULL,
};
static const char *const notify_alone_calls[] = { "connect", NULL };

static void open_list(struct openings *openings, const char *const *names, uint8_t how)
{
	for (size_t i = 0; names[i]; i++) {
		int row = syscall_row_find(names[i]);

		if (row >= 0)
			openings->rows[row] |= how;
	}
}

static void open_group(struct openings *openings, const char *name)
{
	const struct syscall_group *group = groups_find(name);
	uint8_t how = OPENED_BY_GROUP;

	if (!group)
		return;
	if (str_equal(name, "@process"))
		how |= OPENED_BY_PROCESS;
	else if (str_equal(name, "@threads"))
		how |= OPENED_BY_THREADS;
	else if (str_equal(name, "@docker-default"))
		how |= OPENED_BY_PROCESS | OPENED_BY_THREADS;
	if (str_equal(name, "@netlink"))
		openings->netlink = true;
	open_list(openings, group->calls, how);
}

static int refuse_unknown(const char *word, struct error *err)
{
	const char *candidates[64];
	const struct syscall_group *groups;
	const char *near;
	size_t n = 0;

	if (word[0] == '@') {
		groups = group_table(&n);
		for (size_t i = 0; i < n && i < ARRAY_SIZE(candidates); i++)
			candidates[i] = groups[i].name;
		near = str_nearest(word, candidates, n);
		error_set(err, EINVAL, "unknown group of system calls \"%s\" in syscalls.allow", word);
	} else {
		const char *const *names = syscall_names(&n);

		near = str_nearest(word, names, n);
		error_set(err, EINVAL, "unknown system call \"%s\" in syscalls.allow", word);
	}
	if (near)
		return error_remedy(err, "did you mean \"%s\"?", near);
	return error_remedy(err, "\"kapsel list syscalls\" shows all names");
}

static int read_openings(const struct spec *spec, struct openings *ret, struct error *err)
{
	for (size_t i = 0; i < spec->syscalls.n; i++) {
		const char *word = spec->syscalls.items[i];
		int row;

		if (word[0] == '@') {
			if (!groups_find(word))
				return refuse_unknown(word, err);
			open_group(ret, word);
			continue;
		}
		row = syscall_row_find(word);
		if (row < 0)
			return refuse_unknown(word, err);
		ret->rows[row] |= OPENED_BY_NAME | OPENED_BY_PROCESS | OPENED_BY_THREADS;
	}

	open_list(ret, group_never_calls(), OPENED_NEVER);
	open_list(ret, group_absent_calls(), OPENED_ABSENT);
	open_list(ret, floor_calls, OPENED_BY_GROUP);
	if (spec->allow_nested_namespaces)
		open_list(ret, nested_calls, OPENED_BY_GROUP);
	if (spec->allow_ptrace)
		open_list(ret, ptrace_calls, OPENED_BY_GROUP);
	if (spec->allow_setuid)
		open_group(ret, "@identity");
	if (spec->allow_jit)
		open_group(ret, "@jit");
	if (!spec->notify)
		return 0;
	/* Where only that socket can be made; with others, a server could call home by TCP. */
	if (!(ret->rows[SYSCALL_ROW_socket] & OPENED_MASK))
		open_list(ret, notify_alone_calls, OPENED_BY_NOTIFY);
	open_list(ret, notify_calls, OPENED_BY_NOTIFY);
	return 0;
}

static bool in_force(const struct argument_rule *rule, const struct spec *spec,
		     const struct openings *openings, const struct policy *policy)
{
	uint8_t clone = openings->rows[SYSCALL_ROW_clone];

	switch (rule->when) {
	case WHEN_ALWAYS:
	case WHEN_INIT:
		return true;
	case WHEN_NO_NESTED:
		return !spec->allow_nested_namespaces;
	case WHEN_NO_JIT:
		return !spec->allow_jit;
	case WHEN_NO_RAW:
		return !(spec->capabilities & (UINT64_C(1) << CAP_NET_RAW));
	case WHEN_NO_NETLINK:
		return !openings->netlink;
	case WHEN_NETLINK:
		return openings->netlink;
	case WHEN_NO_THREADS:
		return !(clone & OPENED_BY_THREADS);
	case WHEN_NO_PROCESSES:
		return !(clone & OPENED_BY_PROCESS);
	case WHEN_EXEC_ONCE:
		return policy->exec_once;
	case WHEN_EXEC_LIST:
		return !policy->exec_once && !spec_exec_any(spec);
	case WHEN_NO_IDENTITY:
		return !(openings->rows[SYSCALL_ROW_setresuid] & OPENED_MASK) &&
		       !(openings->rows[syscall_row_find(rule->call)] & OPENED_BY_NAME);
	case WHEN_ONLY_NOTIFY:
		return (openings->rows[syscall_row_find(rule->call)] & OPENED_MASK) == OPENED_BY_NOTIFY;
	}
	return true;
}

/* The number's own verdict, before any look at arguments. */
static enum filter_verdict decide(const struct spec *spec, uint8_t opened, const struct policy *policy,
				  int row)
{
	if (opened & OPENED_NEVER)
		return spec->on_violation == SPEC_VIOLATION_KILL ? FILTER_KILLED : FILTER_DENIED;
	if (row == SYSCALL_ROW_execve)
		return policy->exec_once ? FILTER_DENIED : FILTER_ALLOWED;
	if (row == SYSCALL_ROW_execveat)
		return FILTER_ALLOWED;
	/* A filter can't read clone3's flags: it would open namespaces with the process. */
	if (row == SYSCALL_ROW_clone3 && !spec->allow_nested_namespaces)
		return FILTER_UNKNOWN;
	/* Mapped twice, writable and executable, such a file is the way around W^X. */
	if (row == SYSCALL_ROW_memfd_create && !spec->allow_jit && !(opened & OPENED_BY_NAME))
		return FILTER_DENIED;
	if (opened & OPENED_MASK)
		return FILTER_ALLOWED;
	return opened & OPENED_ABSENT ? FILTER_UNKNOWN : FILTER_DENIED;
}

int policy_read(const struct spec *spec, int exec_fd, struct policy *ret, struct error *err)
{
	struct openings openings = { 0 };
	const struct argument_rule *rules;
	size_t n;
	int r;

	r = read_openings(spec, &openings, err);
	if (r < 0)
		return r;

	*ret = (struct policy){
		.on_violation = spec->on_violation,
		.exec_once = spec_exec_once(spec),
		.values = { .exec_fd = exec_fd, .uid = spec->user.uid, .gid = spec->user.gid },
	};
	for (int row = 0; row < SYSCALL_ROWS; row++)
		ret->verdicts[row] = (uint8_t)decide(spec, openings.rows[row], ret, row);

	rules = argument_rules(&n);
	for (size_t i = 0; i < n; i++) {
		int row = syscall_row_find(rules[i].call);

		if (row < 0 || ret->verdicts[row] == FILTER_DENIED || ret->verdicts[row] == FILTER_UNKNOWN ||
		    !in_force(&rules[i], spec, &openings, ret))
			continue;
		ret->verdicts[row] = FILTER_ALLOWED_BY_ARGUMENT;
		ret->rules[ret->n_rules++] = &rules[i];
	}
	return 0;
}

enum filter_verdict policy_verdict(const struct policy *policy, int nr)
{
	int row = syscall_row_of(nr);

	return row < 0 ? FILTER_UNKNOWN : (enum filter_verdict)policy->verdicts[row];
}

const struct argument_rule *policy_rule(const struct policy *policy, int nr, const uint64_t args[6])
{
	const char *name = syscall_name(nr);

	for (size_t i = 0; name && i < policy->n_rules; i++)
		if (str_equal(policy->rules[i]->call, name) &&
		    argument_rule_matches(policy->rules[i], args, &policy->values))
			return policy->rules[i];

	return NULL;
}

bool policy_strict(const struct policy *policy, int nr)
{
	int row = syscall_row_of(nr);

	if (row == SYSCALL_ROW_execve || row == SYSCALL_ROW_execveat)
		return policy->exec_once;
	return syscall_never(nr);
}

int policy_answer(const struct policy *policy, int nr, const uint64_t args[6])
{
	bool soft = policy->on_violation == SPEC_VIOLATION_LOG && !policy_strict(policy, nr);
	const struct argument_rule *rule;

	switch (policy_verdict(policy, nr)) {
	case FILTER_ALLOWED:
		return 0;
	case FILTER_ALLOWED_BY_ARGUMENT:
		rule = policy_rule(policy, nr, args);
		return rule && !soft ? rule->answer : 0;
	case FILTER_DENIED:
		return soft ? 0 : EPERM;
	case FILTER_KILLED:
		return -1;
	case FILTER_UNKNOWN:
		break;
	}
	return ENOSYS;
}

static bool contains(const char *const *list, const char *name)
{
	for (size_t i = 0; list[i]; i++)
		if (str_equal(list[i], name))
			return true;

	return false;
}

const char *policy_key(const char *call)
{
	if (contains(nested_calls, call))
		return "allow_nested_namespaces";
	if (contains(ptrace_calls, call))
		return "allow_ptrace";
	return str_equal(call, "memfd_create") ? "allow_jit" : NULL;
}
