/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose_calls.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>

#include "base/arena.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/learn/observation.h"
#include "profiles/spec.h"
#include "seccomp/filter.h"
#include "seccomp/groups.h"

enum { GROUP_USED_MIN = 3 }; /* a group for one or two names says less than the names */

struct choice {
	const struct observation *observation;
	struct arena *arena;
	struct propose_words *words;
	bool needed[SYSCALL_ROWS];
	bool open[SYSCALL_ROWS]; /* by a word that was chosen, or by every profile */
	bool exhausted;
};

static const char *describe(struct choice *choice, const struct observed_call *call)
{
	const char *text = "";

	if (call->count > 0)
		text = arena_printf(choice->arena, "%s%s%" PRIu64 " time%s", call->comm,
				    call->comm[0] ? ", " : "", call->count, call->count == 1 ? "" : "s");
	choice->exhausted = choice->exhausted || !text;
	return text;
}

static void add_word(struct choice *choice, const char *word, const char *why)
{
	struct propose_words *words = choice->words;

	if (words->n < PROPOSE_WORDS_MAX)
		words->items[words->n++] = (struct propose_word){ word, why ? why : "" };
	choice->exhausted = choice->exhausted || words->n == PROPOSE_WORDS_MAX;
}

static void open_group(struct choice *choice, const struct syscall_group *group, const char *why)
{
	for (const char *const *name = group->calls; *name; name++)
		choice->open[syscall_row_find(*name)] = true;
	add_word(choice, group->name, why);
}

/* Open under the key alone: naming them again would say nothing. */
static void open_by_spec(struct choice *choice, const struct spec *spec)
{
	for (int row = 0; row < SYSCALL_ROWS; row++) {
		int nr = syscall_row_number((size_t)row);

		if (nr >= 0 && filter_verdict(spec, nr) <= FILTER_ALLOWED_BY_ARGUMENT)
			choice->open[row] = true;
	}
}

/*
 * Whether clone(2) is open for what was seen: groups open it for threads or for processes only, and the
 * number alone does not tell.
 */
static bool clone_is_open(const struct choice *choice, const struct spec *spec)
{
	const uint64_t thread[6] = { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD };
	const uint64_t process[6] = { SIGCHLD };
	unsigned int facts = choice->observation->facts;
	int nr = syscall_row_number(SYSCALL_ROW_clone);

	return (!(facts & FACT_THREADS) || filter_answer(spec, -1, nr, thread) == 0) &&
	       (!(facts & FACT_PROCESSES) || filter_answer(spec, -1, nr, process) == 0);
}

/* Becoming the own user is in @base; becoming another one needs the name. */
static void close_identity(struct choice *choice, const struct spec *spec)
{
	static const struct {
		short row, capability;
	} calls[] = { { SYSCALL_ROW_setuid, CAP_SETUID }, { SYSCALL_ROW_setgid, CAP_SETGID } };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const uint64_t other[6] = { choice->observation->highest_id };

		if ((choice->observation->capabilities & (UINT64_C(1) << calls[i].capability)) &&
		    choice->observation->calls[calls[i].row].count > 0 &&
		    filter_answer(spec, -1, syscall_row_number((size_t)calls[i].row), other) != 0)
			choice->open[calls[i].row] = false;
	}
}

/* execve belongs to exec.allow; what no workload gets was answered so in the observation, too. */
static bool can_be_named(int row)
{
	int nr = syscall_row_number((size_t)row);

	return nr >= 0 && row != SYSCALL_ROW_execve && row != SYSCALL_ROW_execveat && !syscall_never(nr) &&
	       !syscall_absent(nr);
}

static void read_needed(struct choice *choice, const struct spec *present)
{
	const struct observation *observation = choice->observation;

	for (int row = 0; row < SYSCALL_ROWS; row++)
		choice->needed[row] = observation->calls[row].count > 0 && can_be_named(row);
	/* It can't be watched: the filter's loader passes the listener on with it. */
	if ((observation->facts & FACT_SOCKETS) || present->n_listen > 0)
		choice->needed[SYSCALL_ROW_sendmsg] = true;
}

static void count_group(const struct choice *choice, const struct syscall_group *group, size_t *ret_used,
			size_t *ret_extra)
{
	*ret_used = *ret_extra = 0;
	for (const char *const *name = group->calls; *name; name++) {
		int row = syscall_row_find(*name);

		if (row < 0 || choice->open[row] || !can_be_named(row))
			continue;
		if (choice->needed[row])
			++*ret_used;
		else
			++*ret_extra;
	}
}

static bool is_chosen(const struct choice *choice, const char *word)
{
	for (size_t i = 0; i < choice->words->n; i++)
		if (str_equal(choice->words->items[i].word, word))
			return true;
	return false;
}

/* Only a group lifts these rules, or lifts no more than it says. */
static void choose_by_fact(struct choice *choice)
{
	unsigned int facts = choice->observation->facts;

	if ((facts & FACT_THREADS) && !(facts & FACT_PROCESSES) && !choice->open[SYSCALL_ROW_clone])
		open_group(choice, groups_find("@threads"),
			   describe(choice, &choice->observation->calls[SYSCALL_ROW_clone]));
	if ((facts & FACT_NETLINK) && !is_chosen(choice, "@netlink"))
		open_group(choice, groups_find("@netlink"), "a netlink socket for routes");
}

/* @threads is left out: where threads alone are used it was chosen before, else it says too little. */
static void choose_groups(struct choice *choice)
{
	const struct syscall_group *groups;
	size_t n, used, extra;

	groups = groups_all(&n);
	for (size_t i = 0; i < n; i++) {
		if (is_chosen(choice, groups[i].name) || str_equal(groups[i].name, "@threads") ||
		    str_equal(groups[i].name, "@netlink") || str_equal(groups[i].name, "@docker-default"))
			continue;
		count_group(choice, &groups[i], &used, &extra);
		if (used < GROUP_USED_MIN || extra * 4 > used)
			continue;
		open_group(choice, &groups[i],
			   arena_printf(choice->arena, "%zu of its calls were seen, %zu not", used, extra));
	}
}

static void choose_names(struct choice *choice)
{
	for (int row = 0; row < SYSCALL_ROWS; row++) {
		if (!choice->needed[row] || choice->open[row])
			continue;
		add_word(choice, syscall_rows[row].name,
			 row == SYSCALL_ROW_sendmsg && choice->observation->calls[row].count == 0
				 ? "can't be watched; it makes or gets sockets"
				 : describe(choice, &choice->observation->calls[row]));
		choice->open[row] = true;
	}
}

static void keep_words(struct choice *choice, const struct spec *present)
{
	for (size_t i = 0; i < present->syscalls.n; i++)
		if (!is_chosen(choice, present->syscalls.items[i]))
			add_word(choice, present->syscalls.items[i], "as before");
}

int propose_calls(const struct observation *observation, const struct spec *present, bool exact, bool keep,
		  struct arena *arena, struct propose_words *ret)
{
	struct choice choice = { .observation = observation, .arena = arena, .words = ret };
	struct spec bare = *present;

	ret->n = 0;
	read_needed(&choice, present);
	bare.allow_jit = present->allow_jit || (observation->facts & FACT_JIT);
	bare.allow_ptrace = present->allow_ptrace || (observation->facts & FACT_PTRACE);
	bare.allow_nested_namespaces =
		present->allow_nested_namespaces || (observation->facts & FACT_NAMESPACES);
	if (!keep)
		bare.syscalls = (struct spec_strings){ 0 };
	open_by_spec(&choice, &bare);
	if (keep)
		keep_words(&choice, present);
	else if (!exact)
		open_group(&choice, groups_find("@base"), "what every program does");
	choice.open[SYSCALL_ROW_clone] = keep && clone_is_open(&choice, &bare);
	close_identity(&choice, &bare);
	choose_by_fact(&choice);
	choose_groups(&choice);
	choose_names(&choice);
	return choice.exhausted ? -ENOMEM : 0;
}
