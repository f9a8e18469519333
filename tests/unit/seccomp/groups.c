/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/groups.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/macro.h"
#include "base/str.h"
#include "seccomp/syscall_table.h"
#include "text.h"

static bool group_has(const char *group, const char *call)
{
	const struct syscall_group *found = groups_find(group);

	cr_assert(found != NULL, "%s", group);
	for (size_t i = 0; found->calls[i]; i++)
		if (str_equal(found->calls[i], call))
			return true;

	return false;
}

Test(groups, table_is_sorted_and_without_doubles)
{
	const char *const *names;
	size_t n;

	names = syscall_names(&n);
	cr_assert(eq(sz, n, SYSCALL_ROWS));
	for (size_t i = 1; i < n; i++)
		cr_assert(lt(int, strcmp(names[i - 1], names[i]), 0), "%s before %s", names[i - 1], names[i]);
	for (size_t i = 0; i < n; i++)
		cr_assert(eq(str, text(names[i]), text(syscall_rows[i].name)));
}

Test(groups, each_number_belongs_to_one_name)
{
	bool x86_64[512] = { false }, aarch64[512] = { false };

	for (size_t i = 0; i < SYSCALL_ROWS; i++) {
		const struct syscall_row *row = &syscall_rows[i];

		cr_assert(row->x86_64 < 512 && row->aarch64 < 512, "%s", row->name);
		if (row->x86_64 >= 0)
			cr_assert(not(x86_64[row->x86_64]), "%s", row->name);
		if (row->aarch64 >= 0)
			cr_assert(not(aarch64[row->aarch64]), "%s", row->name);
		if (row->x86_64 >= 0)
			x86_64[row->x86_64] = true;
		if (row->aarch64 >= 0)
			aarch64[row->aarch64] = true;
	}
	/* x86-64 ends its old range with uprobe, aarch64 with kexec_file_load. */
	for (int nr = 0; nr <= 336; nr++)
		cr_assert(x86_64[nr], "x86-64 %d", nr);
	for (int nr = 260; nr <= 294; nr++)
		cr_assert(aarch64[nr], "aarch64 %d", nr);
	for (int nr = 424; nr <= 469; nr++)
		cr_assert(x86_64[nr] && (aarch64[nr] || nr == 453), "%d", nr);
}

Test(groups, table_agrees_with_libseccomp_where_that_knows_the_call)
{
	size_t compared = 0;

	for (size_t i = 0; i < SYSCALL_ROWS; i++) {
		const struct syscall_row *row = &syscall_rows[i];
		int x86_64 = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, row->name);
		int aarch64 = seccomp_syscall_resolve_name_arch(SCMP_ARCH_AARCH64, row->name);

		if (x86_64 >= 0)
			cr_assert(eq(int, row->x86_64, x86_64), "%s", row->name);
		if (aarch64 >= 0)
			cr_assert(eq(int, row->aarch64, aarch64), "%s", row->name);
		compared += x86_64 >= 0;
	}
	cr_assert(gt(sz, compared, 350));
}

Test(groups, table_knows_every_number_that_the_compiler_knows)
{
	for (int nr = 0; nr < 512; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);

		if (name)
			cr_assert(syscall_name(nr) != NULL, "%d %s", nr, name);
		free(name);
	}
	cr_assert(eq(int, syscall_number("openat"), SYS_openat));
	cr_assert(eq(str, text(syscall_name(SYS_execveat)), text("execveat")));
}

Test(groups, newest_calls_are_known_by_name)
{
	cr_assert(eq(int, syscall_number("cachestat"), 451));
	cr_assert(eq(int, syscall_number("fchmodat2"), 452));
	cr_assert(eq(int, syscall_number("mseal"), 462));
	cr_assert(eq(int, syscall_number("open_tree_attr"), 467));
	cr_assert(eq(int, syscall_number("file_setattr"), 469));
}

Test(groups, foreign_and_unknown_names_are_told_apart)
{
	cr_assert(eq(int, syscall_number("socketcall"), -2));
	cr_assert(eq(int, syscall_number("s390_sthyi"), -2));
	cr_assert(eq(int, syscall_number("raed"), -1));
	cr_assert(eq(int, syscall_number(""), -1));
	cr_assert(syscall_name(-1) == NULL);
	cr_assert(syscall_name(9999) == NULL);
}

Test(groups, members_are_known_sorted_calls)
{
	const struct syscall_group *groups;
	size_t n;

	groups = groups_all(&n);
	cr_assert(ge(sz, n, 9));
	for (size_t i = 0; i < n; i++) {
		cr_assert(eq(chr, groups[i].name[0], '@'));
		cr_assert(gt(sz, strlen(groups[i].description), 10));
		for (size_t j = 0; groups[i].calls[j]; j++) {
			cr_assert(ne(int, syscall_number(groups[i].calls[j]), -1), "%s: %s", groups[i].name,
				  groups[i].calls[j]);
			if (j > 0)
				cr_assert(lt(int, strcmp(groups[i].calls[j - 1], groups[i].calls[j]), 0),
					  "%s: %s", groups[i].name, groups[i].calls[j]);
		}
	}
	cr_assert(groups_find("@bsae") == NULL);
}

Test(groups, only_dockers_list_has_calls_that_no_other_group_would_open)
{
	const char *dangerous[] = { "bpf",
				    "ptrace",
				    "keyctl",
				    "add_key",
				    "mount",
				    "unshare",
				    "setns",
				    "userfaultfd",
				    "perf_event_open",
				    "open_by_handle_at",
				    "process_vm_writev",
				    "kcmp",
				    "clone3",
				    "io_uring_setup",
				    "modify_ldt",
				    "name_to_handle_at",
				    "syslog",
				    "chroot" };
	const struct syscall_group *groups;
	size_t n;

	groups = groups_all(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(dangerous); j++)
			if (!str_equal(groups[i].name, "@docker-default"))
				cr_assert(not(group_has(groups[i].name, dangerous[j])), "%s: %s",
					  groups[i].name, dangerous[j]);
}

Test(groups, group_of_a_call_is_the_narrowest_suggestion)
{
	cr_assert(eq(str, text(groups_of("read")), text("@base")));
	cr_assert(eq(str, text(groups_of("fork")), text("@process")));
	cr_assert(eq(str, text(groups_of("connect")), text("@socket-client")));
	cr_assert(eq(str, text(groups_of("listen")), text("@socket-server")));
	cr_assert(eq(str, text(groups_of("unlinkat")), text("@file-write")));
	cr_assert(groups_of("bpf") == NULL);
	cr_assert(not(group_has("@socket-server", "connect")));
}

Test(groups, never_and_absent_calls_are_those_of_the_threat_model)
{
	const char *never[] = { "init_module", "finit_module", "delete_module", "kexec_load",
				"kexec_file_load" };
	const char *absent[] = {
		"clone3",    "io_uring_setup", "io_uring_enter", "io_uring_register", "name_to_handle_at",
		"statmount", "listmount",      "fanotify_init",  "map_shadow_stack"
	};
	const char *neither[] = { "swapon",   "swapoff", "reboot", "acct",
				  "quotactl", "mount",   "ptrace", "syslog" };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		cr_assert(syscall_never(syscall_number(never[i])), "%s", never[i]);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		cr_assert(syscall_absent(syscall_number(absent[i])), "%s", absent[i]);
	for (size_t i = 0; i < ARRAY_SIZE(neither); i++) {
		int nr = syscall_number(neither[i]);

		cr_assert(not(syscall_never(nr) || syscall_absent(nr)), "%s", neither[i]);
	}
	cr_assert(not(syscall_never(-1) || syscall_absent(-1) || syscall_never(9999)));
}
