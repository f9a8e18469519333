/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "lab/learn/propose_print.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/profile.h"
#include "profiles/source.h"
#include "profiles/spec.h"
#include "scene.h"

static struct arena *arena;
static struct observation *seen;
static struct proposal proposal;

static const char *const names[] = { "/run/", "/tmp/", "/var/lib/web/", "/usr/bin/", "/usr/bin/tool", NULL };

static void begin(void)
{
	arena = arena_new();
	seen = observation_new();
	cr_assert(ne(ptr, arena, NULL));
	cr_assert(ne(ptr, seen, NULL));
	seen->runs = 1;
}

static void end(void)
{
	observation_free(seen);
	arena_free(arena);
}

TestSuite(propose, .init = begin, .fini = end);

static void make(const char *profile, struct propose_options options)
{
	struct propose_image image = scene_image(names);

	cr_assert(zero(int, propose(seen, scene_spec(arena, profile), &options, &image, arena, &proposal)));
}

static char *print(void)
{
	char *text = NULL, *copy;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert(ne(ptr, out, NULL));
	propose_print(&proposal, out);
	fclose(out);
	copy = arena_memdup(arena, text, size);
	free(text);
	return copy;
}

/* The text is a profile that kapsel accepts. */
static const struct spec *reread(void)
{
	static struct findings findings;
	static struct source source;
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary };
	const struct spec *spec = NULL;
	char *text = print();

	source = (struct source){ .name = "learned", .text = text, .size = strlen(text) };
	findings.n = findings.n_errors = 0;
	vocabulary_fill(&vocabulary);
	cr_assert(zero(int, profile_read_text(&source, &options, arena, &findings, &spec)), "%s in %s",
		  findings.items[0].message, text);
	return spec;
}

static void see_everything(void)
{
	observation_path(seen, "/run/web.pid", ACCESS_WRITE | ACCESS_CREATE, "web")->size_bytes = 5;
	observation_path(seen, "/usr/bin/tool", ACCESS_EXEC, "web");
	observation_path(seen, "/etc/x\n\"*/", ACCESS_WRITE, "we\nb*/");
	observation_address(seen, "0.0.0.0:80", true, 1);
	observation_capability(seen, CAP_NET_BIND_SERVICE, SYSCALL_ROW_bind);
	observation_capability(seen, CAP_SYS_ADMIN, SYSCALL_ROW_mount);
	scene_saw(seen, "accept4", 3);
	scene_saw(seen, "io_uring_setup", 1);
	seen->facts = FACT_JIT | FACT_NAMESPACES | FACT_PTRACE | FACT_CLOSED;
	seen->highest_id = 33;
	seen->peaks = (struct observed_peaks){ 20u << 20, 3, 12, 5, 4096 };
}

Test(propose, writes_a_profile_that_kapsel_accepts_whatever_was_seen)
{
	const struct spec *spec;

	see_everything();
	make("\"user\": { \"uid\": 7, \"gid\": 7, \"host_range\": 8 }, \"network\": "
	     "\"loopback\", \"env\": { \"A\": \"b\" }",
	     (struct propose_options){ 0 });
	spec = reread();
	cr_assert(spec->allow_jit && spec->allow_nested_namespaces && spec->allow_ptrace);
	cr_assert(eq(u64, spec->capabilities, UINT64_C(1) << CAP_NET_BIND_SERVICE), "never SYS_ADMIN");
	cr_assert(eq(uint, spec->user.host_range, 34));
	cr_assert(eq(uint, spec->user.uid, 7));
	cr_assert(eq(int, spec->network, SPEC_NETWORK_LOOPBACK));
	cr_assert(eq(sz, spec->exec_allow.n, 1));
	cr_assert(eq(str, spec->exec_allow.items[0], "/usr/bin/tool"));
	cr_assert(eq(sz, spec->n_mounts, 1));
	cr_assert(eq(str, spec->mounts[0].target, "/run"));
	cr_assert(eq(u64, spec->mounts[0].size_bytes, 65536));
	cr_assert(eq(u64, spec->limits.memory_bytes, 32u << 20), "20 MiB and half as much");
	cr_assert(eq(u64, spec->limits.pids, 6), "3, kapsel's init, and half as much");
	cr_assert(eq(u64, spec->limits.open_files, 64));
	cr_assert(eq(u64, spec->limits.file_size_bytes, 65536));
	cr_assert(eq(u64, spec->limits.locked_memory_bytes, 65536));
}

Test(propose, writes_a_profile_that_kapsel_accepts_when_nothing_was_seen)
{
	const struct spec *spec;

	make("", (struct propose_options){ 0 });
	spec = reread();
	cr_assert(zero(sz, spec->n_mounts));
	cr_assert(zero(u64, spec->capabilities));
	cr_assert(zero(u64, spec->limits.file_size_bytes));
	cr_assert(eq(u64, spec->limits.memory_bytes, 64u << 20), "the default where no peak is known");
}

Test(propose, sets_no_limits_where_the_host_has_no_controllers)
{
	const struct spec *spec;

	see_everything();
	make("\"limits\": { \"cpu\": 2, \"runtime\": \"1min\" }",
	     (struct propose_options){ .no_limits = true });
	spec = reread();
	cr_assert(eq(u64, spec->limits.memory_bytes, SPEC_UNLIMITED));
	cr_assert(eq(u64, spec->limits.pids, SPEC_UNLIMITED));
	cr_assert(zero(dbl, spec->limits.cpu_cores));
	cr_assert(eq(u64, spec->limits.open_files, 64), "that one needs no controller");
	cr_assert(eq(u64, spec->limits.runtime_ms, 60000), "what it did not learn about stays");
}

Test(propose, takes_away_what_was_not_used_and_keeps_binds)
{
	const struct spec *spec;

	make("\"capabilities\": [\"CHOWN\"], \"allow_jit\": true, \"exec\": { \"allow\": [\"*\"] }, "
	     "\"mounts\": { "
	     "\"/unused\": { \"type\": \"tmpfs\", \"size\": \"1MiB\" }, \"/www\": { \"type\": \"bind\", "
	     "\"source\": "
	     "\"/srv/www\" } }",
	     (struct propose_options){ 0 });
	spec = reread();
	cr_assert(zero(u64, spec->capabilities));
	cr_assert(not(spec->allow_jit));
	cr_assert(zero(sz, spec->exec_allow.n));
	cr_assert(eq(sz, spec->n_mounts, 1));
	cr_assert(eq(str, spec->mounts[0].target, "/www"));
}

Test(propose, takes_nothing_away_in_a_second_pass)
{
	const struct spec *spec;

	make("\"capabilities\": [\"CHOWN\"], \"allow_jit\": true, \"exec\": { \"allow\": "
	     "[\"/usr/bin/tool\"] }, "
	     "\"mounts\": { \"/unused\": { \"type\": \"tmpfs\", \"size\": \"1MiB\" } }",
	     (struct propose_options){ .keep = true });
	spec = reread();
	cr_assert(eq(u64, spec->capabilities, UINT64_C(1) << CAP_CHOWN));
	cr_assert(spec->allow_jit);
	cr_assert(eq(sz, spec->exec_allow.n, 1));
	cr_assert(eq(u64, spec->mounts[0].size_bytes, 1u << 20));
}

Test(propose, needs_no_network_when_no_internet_socket_was_used)
{
	observation_address(seen, "/run/x.sock", true, 1);
	make("\"network\": \"host\"", (struct propose_options){ 0 });
	cr_assert(eq(int, reread()->network, SPEC_NETWORK_NONE));
	observation_address(seen, "192.0.2.1:53", false, 1);
	make("\"network\": \"host\"", (struct propose_options){ 0 });
	cr_assert(eq(int, reread()->network, SPEC_NETWORK_HOST));
}

Test(propose, gives_no_capability_over_the_hosts_network)
{
	observation_address(seen, "0.0.0.0:80", true, 1);
	observation_capability(seen, CAP_NET_BIND_SERVICE, SYSCALL_ROW_bind);
	make("\"network\": \"host\"", (struct propose_options){ 0 });
	cr_assert(zero(u64, proposal.capabilities));
	cr_assert(ne(ptr, strstr(print(), "\"listen\""), NULL), "it says what would help");
}

Test(propose, allows_fewer_calls_than_docker)
{
	see_everything();
	make("", (struct propose_options){ 0 });
	cr_assert(lt(sz, proposal.n_allowed, proposal.n_docker));
	cr_assert(gt(sz, proposal.n_allowed, 100));
}

Test(propose, shows_the_difference_as_lines_that_come_and_go)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert(ne(ptr, out, NULL));
	scene_saw(seen, "mkdir", 1);
	make("\"syscalls\": { \"allow\": [\"@base\", \"flock\"] }", (struct propose_options){ 0 });
	cr_assert(zero(int, propose_print_diff(&proposal, "web.kapsel.jsonc", out)));
	fclose(out);
	cr_assert(eq(int, strncmp(text, "--- web.kapsel.jsonc\n+++ learned\n", 33), 0));
	cr_assert(ne(ptr, strstr(text, "\n-syscalls.allow: flock\n"), NULL));
	cr_assert(ne(ptr, strstr(text, "\n+syscalls.allow: mkdir\n"), NULL));
	cr_assert(eq(ptr, strstr(text, "@base"), NULL));
	free(text);
}
