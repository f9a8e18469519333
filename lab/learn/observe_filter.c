/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_filter.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "base/str.h"
#include "profiles/json_print.h"
#include "profiles/spec.h"
#include "seccomp/groups.h"
#include "seccomp/policy.h"

/*
 * Open under every profile, or needed before the observer has its listener: the process that
 * loads the filter passes it on with sendmsg(2).
 */
static const short never_watched[] = {
	SYSCALL_ROW_close,           SYSCALL_ROW_exit,      SYSCALL_ROW_read,
	SYSCALL_ROW_restart_syscall, SYSCALL_ROW_sendmsg,   SYSCALL_ROW_rt_sigreturn,
	SYSCALL_ROW_uprobe,          SYSCALL_ROW_uretprobe, SYSCALL_ROW_write,
};

/* Of @base, what tells more than that it was called. mmap and mprotect have rules of their own. */
static const short telling[] = {
	SYSCALL_ROW_open,       SYSCALL_ROW_openat,    SYSCALL_ROW_openat2,
	SYSCALL_ROW_setuid,     SYSCALL_ROW_setgid,    SYSCALL_ROW_prctl,
	SYSCALL_ROW_exit_group, SYSCALL_ROW_setrlimit, SYSCALL_ROW_prlimit64,
};

static bool contains(const short *rows, size_t n, int row)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i] == row)
			return true;
	return false;
}

static bool in_base(const char *name)
{
	for (const char *const *call = groups_find("@base")->calls; *call; call++)
		if (str_equal(*call, name))
			return true;
	return false;
}

/* Their arguments decide only about what no key opens, or is rare and was seen before. */
static bool is_told_by_number(int row)
{
	static const short rows[] = {
		SYSCALL_ROW_ioctl,  SYSCALL_ROW_prctl,    SYSCALL_ROW_prlimit64, SYSCALL_ROW_sendto,
		SYSCALL_ROW_socket, SYSCALL_ROW_sendmmsg, SYSCALL_ROW_setrlimit, SYSCALL_ROW_socketpair,
	};

	return contains(rows, ARRAY_SIZE(rows), row);
}

void observe_filter_know(struct observe_filter *filter, const struct spec *spec)
{
	for (int row = 0; row < SYSCALL_ROWS; row++) {
		int nr = syscall_row_number((size_t)row);
		enum filter_verdict verdict = nr < 0 ? FILTER_DENIED : filter_verdict(spec, nr);

		if (row == SYSCALL_ROW_execve || row == SYSCALL_ROW_execveat || row == SYSCALL_ROW_exit_group)
			continue;
		if (verdict == FILTER_ALLOWED ||
		    (verdict == FILTER_ALLOWED_BY_ARGUMENT && is_told_by_number(row)))
			filter->known[row] = true;
	}
}

static bool is_watched(const struct observe_filter *filter, int row)
{
	if (contains(never_watched, ARRAY_SIZE(never_watched), row))
		return false;
	if (filter->known[row])
		return false;
	if (filter->every || contains(telling, ARRAY_SIZE(telling), row))
		return true;
	if (row == SYSCALL_ROW_mmap || row == SYSCALL_ROW_mprotect)
		return true;
	return !in_base(syscall_rows[row].name);
}

static void write_names(const struct observe_filter *filter, bool watched, const char *action, FILE *out)
{
	const char *separator = "";

	fprintf(out, "\n\t{\"action\": \"%s\", \"names\": [", action);
	for (int row = 0; row < SYSCALL_ROWS; row++) {
		bool by_argument = !filter->every && !filter->known[row] &&
				   (row == SYSCALL_ROW_mmap || row == SYSCALL_ROW_mprotect);

		if (syscall_row_number((size_t)row) < 0 || by_argument || is_watched(filter, row) != watched)
			continue;
		fprintf(out, "%s\"%s\"", separator, syscall_rows[row].name);
		separator = ", ";
	}
	fputs("]}", out);
}

static void write_memory(const char *call, int mask, int value, FILE *out)
{
	fprintf(out,
		",\n\t{\"names\": [\"%s\"], \"action\": \"%s\", \"args\": [{\"index\": 2, \"value\": %d, "
		"\"valueTwo\": %d, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}",
		call, value == mask ? "SCMP_ACT_NOTIFY" : "SCMP_ACT_ALLOW", mask, value);
}

/* Only memory that is both writable and executable tells something: the loader alone maps dozens of times. */
static void write_memory_rules(const struct observe_filter *filter, FILE *out)
{
	static const int protections[] = { PROT_NONE, PROT_WRITE, PROT_EXEC, PROT_WRITE | PROT_EXEC };

	for (size_t i = 0; i < ARRAY_SIZE(protections) && !filter->known[SYSCALL_ROW_mmap]; i++)
		write_memory("mmap", PROT_WRITE | PROT_EXEC, protections[i], out);
	if (filter->known[SYSCALL_ROW_mprotect])
		return;
	write_memory("mprotect", PROT_EXEC, PROT_NONE, out);
	write_memory("mprotect", PROT_EXEC, PROT_EXEC, out);
}

/* A runtime takes no "watch" as the default: all calls are named, and newer ones are answered as kapsel does.
 */
void observe_filter_write(const struct observe_filter *filter, FILE *out)
{
	fprintf(out,
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": %d,\n\t\"flags\": "
		"[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\n\t\"listenerPath\": ",
		ENOSYS);
	json_print_string(out, filter->listener);
	fputs(",\n\t\"syscalls\": [", out);
	write_names(filter, false, "SCMP_ACT_ALLOW", out);
	fputs(",", out);
	write_names(filter, true, "SCMP_ACT_NOTIFY", out);
	if (!filter->every)
		write_memory_rules(filter, out);
	fputs("]}", out);
}
