/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose_calls.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/capability.h>

#include "base/arena.h"
#include "scene.h"

static struct arena *arena;
static struct observation *seen;
static struct propose_words words;

static void begin(void)
{
	arena = arena_new();
	seen = observation_new();
	cr_assert(ne(ptr, arena, NULL));
	cr_assert(ne(ptr, seen, NULL));
}

static void end(void)
{
	observation_free(seen);
	arena_free(arena);
}

TestSuite(propose_calls, .init = begin, .fini = end);

static void choose(const char *profile, bool exact, bool keep)
{
	cr_assert(zero(int, propose_calls(seen, scene_spec(arena, profile), exact, keep, arena, &words)));
}

Test(propose_calls, is_the_base_alone_for_a_program_that_only_computes)
{
	scene_saw(seen, "mmap", 3);
	scene_saw(seen, "openat", 3);
	choose("", false, false);
	cr_assert(eq(sz, words.n, 1));
	cr_assert(eq(str, words.items[0].word, "@base"));
}

Test(propose_calls, names_a_few_calls_instead_of_a_group_that_opens_many_more)
{
	scene_saw(seen, "accept4", 12);
	scene_saw(seen, "bind", 1);
	scene_saw(seen, "mkdir", 1);
	choose("", false, false);
	cr_assert(eq(sz, words.n, 4));
	cr_assert(scene_has_word(&words, "accept4"));
	cr_assert(not(scene_has_word(&words, "@socket-server")));
	cr_assert(eq(str, words.items[1].why, "server, 12 times"));
}

Test(propose_calls, takes_a_group_when_most_of_it_is_used)
{
	static const char *const calls[] = { "io_cancel", "io_destroy", "io_getevents", "io_setup",
					     "io_submit" };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		scene_saw(seen, calls[i], 1);
	choose("", false, false);
	cr_assert(scene_has_word(&words, "@aio"));
	cr_assert(eq(sz, words.n, 2));
}

Test(propose_calls, opens_threads_without_processes_when_no_process_was_made)
{
	scene_saw(seen, "clone", 4);
	seen->facts = FACT_THREADS;
	choose("", false, false);
	cr_assert(scene_has_word(&words, "@threads"));
	cr_assert(not(scene_has_word(&words, "clone")));
}

Test(propose_calls, names_clone_when_processes_are_made)
{
	scene_saw(seen, "clone", 4);
	seen->facts = FACT_THREADS | FACT_PROCESSES;
	choose("", false, false);
	cr_assert(scene_has_word(&words, "clone"));
	cr_assert(not(scene_has_word(&words, "@threads")));
}

Test(propose_calls, opens_processes_in_a_second_pass_that_finds_the_first_one)
{
	scene_saw(seen, "clone", 1);
	seen->facts = FACT_PROCESSES;
	choose("\"syscalls\": { \"allow\": [\"@base\", \"@threads\"] }", false, true);
	cr_assert(scene_has_word(&words, "@threads"));
	cr_assert(scene_has_word(&words, "clone"));
}

Test(propose_calls, keeps_what_the_profile_has_in_a_second_pass)
{
	scene_saw(seen, "fsync", 1);
	choose("\"syscalls\": { \"allow\": [\"@base\", \"flock\"] }", false, true);
	cr_assert(eq(sz, words.n, 3));
	cr_assert(scene_has_word(&words, "flock"));
	cr_assert(scene_has_word(&words, "fsync"));
}

Test(propose_calls, drops_what_was_not_seen_otherwise)
{
	choose("\"syscalls\": { \"allow\": [\"@base\", \"flock\"] }", false, false);
	cr_assert(eq(sz, words.n, 1));
}

Test(propose_calls, lists_sendmsg_where_sockets_are_made_because_it_cannot_be_watched)
{
	scene_saw(seen, "socketpair", 1);
	seen->facts = FACT_SOCKETS;
	choose("", false, false);
	cr_assert(scene_has_word(&words, "sendmsg"));
}

Test(propose_calls, lists_sendmsg_where_the_profile_hands_sockets_over)
{
	choose("\"listen\": { \"a\": { \"stream\": \"127.0.0.1:80\" } }", false, false);
	cr_assert(scene_has_word(&words, "sendmsg"));
}

Test(propose_calls, never_names_what_no_workload_gets)
{
	scene_saw(seen, "io_uring_setup", 1);
	scene_saw(seen, "init_module", 1);
	scene_saw(seen, "clone3", 1);
	scene_saw(seen, "execve", 2);
	choose("", false, false);
	cr_assert(eq(sz, words.n, 1));
}

Test(propose_calls, takes_netlink_by_its_group_for_only_that_lifts_the_rule)
{
	scene_saw(seen, "socket", 1);
	seen->facts = FACT_NETLINK | FACT_SOCKETS;
	choose("", false, false);
	cr_assert(scene_has_word(&words, "@netlink"));
	cr_assert(not(scene_has_word(&words, "socket")));
}

Test(propose_calls, names_setuid_when_another_user_was_meant)
{
	scene_saw(seen, "setuid", 1);
	choose("", false, false);
	cr_assert(not(scene_has_word(&words, "setuid")));
	seen->highest_id = 33;
	observation_capability(seen, CAP_SETUID, SYSCALL_ROW_setuid);
	choose("", false, false);
	cr_assert(scene_has_word(&words, "setuid"));
}

Test(propose_calls, leaves_what_a_key_opens_to_the_key)
{
	scene_saw(seen, "ptrace", 1);
	seen->facts = FACT_PTRACE;
	choose("", false, false);
	cr_assert(eq(sz, words.n, 1));
}

Test(propose_calls, lists_only_what_was_seen_when_it_is_to_be_exact)
{
	scene_saw(seen, "mmap", 1);
	scene_saw(seen, "openat", 1);
	scene_saw(seen, "read", 1);
	choose("", true, false);
	cr_assert(eq(sz, words.n, 2), "read is open under every profile");
	cr_assert(scene_has_word(&words, "mmap"));
	cr_assert(not(scene_has_word(&words, "@base")));
}
