/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/state.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "tests/unit/base/scratch.h"

static struct arena *arena;

static void make_arena(void)
{
	arena = arena_new();
	cr_assert(ne(ptr, arena, NULL));
}

static void free_arena(void)
{
	arena = arena_free(arena);
}

TestSuite(oci_state_file, .init = make_arena, .fini = free_arena);

static struct oci_state plain_state(void)
{
	return (struct oci_state){ .id = "web",
				   .bundle = "/b",
				   .rootfs = "/b/rootfs",
				   .created = "2026-01-02T03:04:05.000000006Z",
				   .oci_version = "1.2.0" };
}

static struct oci_state write_and_read(const struct scratch *scratch, const struct oci_state *state)
{
	_cleanup_fd_ int fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_state read;
	struct error err = { 0 };

	cr_assert(zero(int, oci_state_write(fd, state, &err)), "%s", err.msg);
	cr_assert(zero(int, oci_state_read(fd, arena, &read, &err)), "%s", err.msg);
	return read;
}

Test(oci_state_file, brings_every_field_back)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state state = plain_state(), read;

	state.owner = "root";
	state.pid = 4194304;
	state.start_time = INT64_MAX;
	state.rootless = state.creating = state.started = state.no_pivot = state.no_new_keyring = true;
	state.rdt_group = "kapsel/web";
	state.notify_socket = "/run/n.sock";
	state.cgroup = (struct cgroup_container){ .manager = CGROUP_MANAGER_SYSTEMD,
						  .path = "/user.slice/x.scope",
						  .mount = "/sys/fs/cgroup",
						  .unit = "x.scope",
						  .slice = "user.slice",
						  .user_manager = true };
	for (size_t i = 0; i < ARRAY_SIZE(state.namespaces); i++)
		state.namespaces[i] = 4026531835 + i;
	read = write_and_read(&scratch, &state);
	cr_assert(eq(str, read.id, "web"));
	cr_assert(eq(str, read.bundle, "/b"));
	cr_assert(eq(str, read.rootfs, "/b/rootfs"));
	cr_assert(eq(str, read.created, "2026-01-02T03:04:05.000000006Z"));
	cr_assert(eq(str, read.oci_version, "1.2.0"));
	cr_assert(eq(str, read.owner, "root"));
	cr_assert(eq(int, read.pid, 4194304));
	cr_assert(eq(u64, read.start_time, INT64_MAX));
	cr_assert(all(read.rootless, read.creating, read.started, read.no_pivot, read.no_new_keyring));
	cr_assert(eq(str, read.rdt_group, "kapsel/web"));
	cr_assert(eq(str, read.notify_socket, "/run/n.sock"));
	cr_assert(zero(int, memcmp(&read.cgroup, &state.cgroup, sizeof(read.cgroup))));
	cr_assert(zero(int, memcmp(read.namespaces, state.namespaces, sizeof(read.namespaces))));
}

Test(oci_state_file, leaves_out_what_is_not_there)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state state = plain_state(), read = write_and_read(&scratch, &state);

	cr_assert(eq(ptr, read.owner, NULL));
	cr_assert(eq(ptr, read.rdt_group, NULL));
	cr_assert(eq(ptr, read.notify_socket, NULL));
	cr_assert(zero(sz, read.annotations.n));
	cr_assert(not(any(read.started, read.creating, read.rootless)));
}

/* Each must come back byte for byte: paths that are no UTF-8, text that a person would be deceived by. */
Test(oci_state_file, brings_hostile_strings_back)
{
	static const char *const hostile[] = {
		"/quote\"back\\slash/line\nfeed\ttab\x01\x1f\x7f",
		"/no-utf-8/\xff\xfe\xc3\x28",
		"/overlong\xc0\xaf",
		"/surrogate\xed\xa0\x80",
		"/direction\xe2\x80\xae"
		"cba",
		"/mark\xef\xbb\xbf",
		"/c1\xc2\x9b"
		"31m",
		"/astral\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
		"/two\xc3\xa9three\xe2\x82\xac",
		"",
		"\xff",
		"</script>&'",
	};

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_scratch_ struct scratch scratch = scratch_new();
		struct oci_state state = plain_state(), read;
		const struct spec_pair pairs[] = { { hostile[i], "v" },
						   { "n", hostile[i] },
						   { hostile[i], "again" } };

		state.bundle = state.rootfs = state.owner = hostile[i];
		state.annotations = (struct spec_pairs){ .items = pairs, .n = ARRAY_SIZE(pairs) };
		snprintf(state.cgroup.path, sizeof(state.cgroup.path), "%s", hostile[i]);
		read = write_and_read(&scratch, &state);
		cr_assert(eq(str, read.bundle, hostile[i]));
		cr_assert(eq(str, read.rootfs, hostile[i]));
		cr_assert(eq(str, read.owner, hostile[i]));
		cr_assert(eq(str, read.cgroup.path, hostile[i]));
		cr_assert(eq(sz, read.annotations.n, ARRAY_SIZE(pairs)));
		cr_assert(eq(str, read.annotations.items[0].name, hostile[i]));
		cr_assert(eq(str, read.annotations.items[1].value, hostile[i]));
		cr_assert(eq(str, read.annotations.items[2].value, "again"));
	}
}

Test(oci_state_file, replaces_the_old_state_as_a_whole)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_state state = plain_state(), read;

	state.bundle = "/a-very-long-name-that-leaves-a-tail-behind-if-it-is-written-over";
	write_and_read(&scratch, &state);
	state.bundle = "/b";
	read = write_and_read(&scratch, &state);
	cr_assert(eq(str, read.bundle, "/b"));
	cr_assert(eq(int, faccessat(scratch.fd, ".state.json", F_OK, 0), -1),
		  "the temporary file stays behind");
}

Test(oci_state_file, writes_through_no_planted_link)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_state state = plain_state();
	char text[64];

	scratch_file(&scratch, "precious", "x");
	scratch_link(&scratch, ".state.json", "precious");
	cr_assert(lt(int, oci_state_write(fd, &state, NULL), 0));
	cr_assert(eq(i64, fd_read_file(fd, "precious", text, sizeof(text)), 1));
}

Test(oci_state_file, refuses_a_state_without_its_names)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_state state = plain_state();

	state.rootfs = NULL;
	cr_assert(eq(int, oci_state_write(fd, &state, NULL), -EINVAL));
	cr_assert(eq(int, faccessat(fd, "state.json", F_OK, 0), -1));
}

static int read_text(const struct scratch *scratch, const char *text, struct error *err)
{
	_cleanup_fd_ int fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_state state;

	unlinkat(fd, "state.json", 0);
	scratch_file(scratch, "state.json", text);
	return oci_state_read(fd, arena, &state, err);
}

/* @from is replaced by @to in a good file. */
static int read_changed(const struct scratch *scratch, const char *from, const char *to, struct error *err)
{
	_cleanup_fd_ int fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_state state = plain_state();
	char good[8192], changed[8192];
	const char *found;

	cr_assert(zero(int, oci_state_write(fd, &state, NULL)));
	cr_assert(gt(i64, fd_read_file(fd, "state.json", good, sizeof(good)), 0));
	found = strstr(good, from);
	cr_assert(ne(ptr, found, NULL), "%s", from);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(found - good), good, to, found + strlen(from));
	return read_text(scratch, changed, err);
}

Test(oci_state_file, refuses_what_it_has_not_written)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ "\"pid\":0", "\"pid\":-1" },
		{ "\"pid\":0", "\"pid\":\"1\"" },
		{ "\"pid\":0", "\"pid\":4294967297" },
		{ "\"pid\":0", "\"pid\":1.5" },
		{ "\"pid\":0", "\"pid\":true" },
		{ "\"pid\":0,", "" },
		{ "\"startTime\":0", "\"startTime\":-5" },
		{ "\"started\":false", "\"started\":0" },
		{ "\"started\":false", "\"started\":null" },
		{ "\"version\":1", "\"version\":2" },
		{ "\"version\":1", "\"version\":\"1\"" },
		{ "\"id\":\"web\"", "\"id\":7" },
		{ "\"id\":\"web\"", "\"id\":[1,256]" },
		{ "\"id\":\"web\"", "\"id\":[0]" },
		{ "\"cgroupManager\":\"cgroupfs\"", "\"cgroupManager\":\"none\"" },
		{ "\"cgroupPath\":\"\"", "\"cgroupPath\":{}" },
		{ "\"namespaces\":[0,", "\"namespaces\":[" },
		{ "\"namespaces\":[0,", "\"namespaces\":[-1," },
		{ "\"annotations\":[]", "\"annotations\":[[\"a\"]]" },
		{ "\"annotations\":[]", "\"annotations\":[[\"a\",1]]" },
		{ "\"annotations\":[]", "\"annotations\":{}" },
		{ "}", "" },
	};
	_cleanup_scratch_ struct scratch scratch = scratch_new();

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct error err = { 0 };

		cr_assert(eq(int, read_changed(&scratch, changes[i].from, changes[i].to, &err), -EBADMSG),
			  "%s", changes[i].to);
		cr_assert(str_starts(err.msg, "state.json: "), "%s", err.msg);
	}
	cr_assert(eq(int, read_text(&scratch, "", NULL), -EBADMSG));
	cr_assert(eq(int, read_text(&scratch, "[]", NULL), -EBADMSG));
	cr_assert(zero(int, read_changed(&scratch, "\"pid\":0", "\"pid\":0", NULL)));
}

Test(oci_state_file, refuses_a_cgroup_path_that_is_too_long)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char value[CGROUP_PATH_MAX + 32];
	size_t used = (size_t)snprintf(value, sizeof(value), "\"cgroupPath\":\"");

	memset(value + used, 'a', CGROUP_PATH_MAX);
	strcpy(value + used + CGROUP_PATH_MAX, "\"");
	cr_assert(eq(int, read_changed(&scratch, "\"cgroupPath\":\"\"", value, NULL), -EBADMSG));
}

Test(oci_state_file, tells_a_missing_state_from_a_broken_one)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_state state;
	struct error err = { 0 };

	cr_assert(eq(int, oci_state_read(fd, arena, &state, &err), -ENODATA));
	cr_assert(str_starts(err.msg, "container does not exist"));
	scratch_link(&scratch, "state.json", "/etc/passwd");
	cr_assert(eq(int, oci_state_read(fd, arena, &state, &err), -ELOOP));
}

static struct json *parse(const char *text)
{
	static struct source source;
	static struct findings findings;
	struct json *root = NULL;

	source = (struct source){ .name = "state", .text = text, .size = strlen(text) };
	cr_assert(zero(int, json_parse(&source, JSON_STRICT, arena, &findings, &root)), "%s", text);
	return root;
}

Test(oci_state_file, is_shown_as_the_specification_wants_it)
{
	static const char *const order[] = { "ociVersion", "id",      "pid",         "status", "bundle",
					     "rootfs",     "created", "annotations", "owner" };
	const struct spec_pair pairs[] = { { "a\"b", "c\nd" } };
	struct oci_state state = plain_state();
	const struct json *member;
	char *text;

	state.pid = 7;
	state.annotations = (struct spec_pairs){ .items = pairs, .n = 1 };
	text = oci_state_json(&state, OCI_STATUS_RUNNING, arena);
	cr_assert(eq(ptr, strchr(text, '\n'), NULL), "a hook may read one line");
	member = parse(text)->first;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++, member = member->next)
		cr_assert(eq(str, member->name, order[i]));
	cr_assert(eq(ptr, member, NULL));
	cr_assert(eq(i64, json_find(parse(text), "pid")->integer, 7));
	cr_assert(eq(str, json_find(parse(text), "status")->text, "running"));
	cr_assert(eq(str, json_get(json_get(parse(text), "annotations"), "a\"b")->text, "c\nd"));
}

Test(oci_state_file, shows_no_pid_of_a_stopped_container)
{
	struct oci_state state = plain_state();

	state.pid = 7;
	cr_assert(zero(i64,
		       json_find(parse(oci_state_json(&state, OCI_STATUS_STOPPED, arena)), "pid")->integer));
	cr_assert(eq(i64, json_find(parse(oci_state_json(&state, OCI_STATUS_PAUSED, arena)), "pid")->integer,
		     7));
}
