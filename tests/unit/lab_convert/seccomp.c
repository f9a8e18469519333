/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "lab/convert/export_oci_seccomp.h"
#include "lab/convert/import_oci.h"
#include "lab/convert/syscall_list.h"
#include "lab/convert/systemd_sets.h"
#include "lab/convert/writer.h"
#include "profiles/json.h"
#include "profiles/oci/oci_read.h"
#include "profiles/spec.h"
#include "seccomp/policy.h"

enum { CONFIG_MAX = 1024 * 1024 };

static const char *const any_program[] = { "*", NULL };

/* A spec that opens words, separated by spaces; on_violation and flags are the caller's. */
static struct spec make_spec(struct arena *arena, const char *words)
{
	const char **items = arena_array(arena, 32, sizeof(*items));
	char *rest = arena_strdup(arena, words);
	struct spec spec = { .exec_allow = { any_program, 1 }, .user = { .uid = 65532, .gid = 65532 } };

	while (rest)
		items[spec.syscalls.n++] = strsep(&rest, " ");
	spec.syscalls.items = items;
	return spec;
}

static void export_filter(struct arena *arena, const struct spec *spec, struct oci *ret)
{
	char *filter = NULL, *config = arena_alloc(arena, CONFIG_MAX);
	struct error err = { 0 };
	size_t size = 0;
	struct writer writer = { .out = open_memstream(&filter, &size) };
	int r;

	writer_open(&writer, NULL, '{');
	cr_assert(zero(int, export_oci_seccomp(spec, arena, &writer, &err)), "%s", err.msg);
	writer_close(&writer, '}');
	fclose(writer.out);
	snprintf(config, CONFIG_MAX,
		 "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"/r\"}, "
		 "\"process\": {\"cwd\": \"/\", \"args\": "
		 "[\"/x\"], \"user\": {\"uid\": 0, \"gid\": 0}}, \"linux\": %s}",
		 filter);
	free(filter);
	r = oci_read_text("/b", "config.json", config, strlen(config), arena, ret, NULL, &err);
	cr_assert(zero(int, r), "%s", err.msg);
}

static struct spec import_filter(struct arena *arena, const struct oci *oci, const struct spec *original)
{
	struct spec spec = make_spec(arena, "");
	const char **items;
	const struct json *allow, *violation;
	struct draft draft;

	cr_assert(zero(int, draft_init(&draft, arena)));
	import_oci_seccomp(&draft, oci);
	cr_assert(zero(sz, draft.losses.n), "%s", draft.losses.n ? draft.losses.items[0] : "");
	allow = json_find(draft.root, "syscalls.allow");
	violation = json_find(draft.root, "syscalls.on_violation");
	spec.syscalls.n = 0;
	items = arena_array(arena, allow->n + 1, sizeof(*items));
	spec.syscalls.items = items;
	for (const struct json *item = allow->first; item; item = item->next)
		items[spec.syscalls.n++] = item->text;
	spec.allow_jit = json_get(draft.root, "allow_jit") != NULL;
	spec.allow_nested_namespaces = json_get(draft.root, "allow_nested_namespaces") != NULL;
	spec.allow_ptrace = json_get(draft.root, "allow_ptrace") != NULL;
	spec.on_violation = !violation                          ? SPEC_VIOLATION_KILL
			    : str_equal(violation->text, "log") ? SPEC_VIOLATION_LOG
								: SPEC_VIOLATION_ERRNO;
	cr_assert(eq(int, spec.on_violation, original->on_violation));
	return spec;
}

static void compare(const struct spec *a, const struct spec *b, const char *words)
{
	struct policy one, other;
	struct error err = { 0 };

	cr_assert(zero(int, policy_read(a, -1, &one, &err)), "%s", err.msg);
	cr_assert(zero(int, policy_read(b, -1, &other, &err)), "%s", err.msg);
	for (size_t row = 0; row < SYSCALL_ROWS; row++)
		if (syscall_row_number(row) >= 0)
			cr_assert(eq(int, one.verdicts[row], other.verdicts[row]), "%s: %s", words,
				  syscall_rows[row].name);
	cr_assert(eq(sz, one.n_rules, other.n_rules), "%s", words);
	for (size_t i = 0; i < one.n_rules; i++)
		cr_assert(eq(ptr, one.rules[i], other.rules[i]), "%s: %s", words, one.rules[i]->reason);
}

Test(export_oci_seccomp, comes_back_as_the_same_filter)
{
	static const char *const words[] = {
		"@base",
		"@base @process",
		"@base @threads",
		"@base @process @threads @socket-client",
		"@base @socket-server @netlink @file-write",
		"@base @identity @ipc @memory-lock",
		"@base @sandbox @aio @splice",
		"@docker-default",
		"read write exit_group",
		"@base mount ptrace",
		"@base @socket-client setresuid bpf",
	};
	static const enum spec_violation answers[] = { SPEC_VIOLATION_KILL, SPEC_VIOLATION_ERRNO,
						       SPEC_VIOLATION_LOG };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(answers); j++) {
			_cleanup_arena_ struct arena *arena = arena_new();
			struct spec original = make_spec(arena, words[i]), back;
			struct oci oci;

			original.on_violation = answers[j];
			original.allow_ptrace = strstr(words[i], "ptrace") != NULL;
			export_filter(arena, &original, &oci);
			back = import_filter(arena, &oci, &original);
			compare(&original, &back, words[i]);
		}
	}
}

Test(export_oci_seccomp, carries_the_allow_keys)
{
	for (unsigned int bits = 0; bits < 8; bits++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		struct spec original = make_spec(arena, "@base @process"), back;
		struct oci oci;

		original.allow_jit = bits & 1;
		original.allow_nested_namespaces = bits & 2;
		original.allow_ptrace = bits & 4;
		export_filter(arena, &original, &oci);
		back = import_filter(arena, &oci, &original);
		cr_assert(eq(int, back.allow_jit, original.allow_jit));
		cr_assert(eq(int, back.allow_nested_namespaces, original.allow_nested_namespaces));
		cr_assert(eq(int, back.allow_ptrace, original.allow_ptrace));
		compare(&original, &back, "flags");
	}
}

Test(syscall_list, prefers_groups_and_drops_what_no_workload_may_call)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct syscall_list *list = arena_alloc(arena, sizeof(*list));
	struct draft draft;

	cr_assert(zero(int, draft_init(&draft, arena)));
	cr_assert(systemd_sets_apply(list, "@file-system", true));
	cr_assert(systemd_sets_apply(list, "@privileged", false));
	cr_assert(systemd_sets_apply(list, "kexec_load", true));
	cr_assert(not(systemd_sets_apply(list, "@nonsense", true)));
	cr_assert(not(systemd_sets_apply(list, "=@base", true)));
	syscall_list_write(list, &draft);
	cr_assert(eq(str, json_find(draft.root, "syscalls.allow")->first->text, "@base"));
	cr_assert(eq(sz, draft.losses.n, 1));
	cr_assert(not(eq(ptr, strstr(draft.losses.items[0], "kexec_load"), NULL)));
}
