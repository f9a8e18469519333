/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/oci_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/sys.h"
#include "profiles/oci/oci.h"
#include "seccomp/cache.h"
#include "seccomp/oci_compile.h"

/* Written twice: without room, to learn the size, and into it. */
struct key_writer {
	char *room; /* NULL: only count */
	size_t size;
};

static void key_bytes(struct key_writer *key, const void *bytes, size_t size)
{
	if (key->room)
		memcpy(key->room + key->size, bytes, size);
	key->size += size;
}

static void key_number(struct key_writer *key, uint64_t number)
{
	key_bytes(key, &number, sizeof(number));
}

/* The NUL included: no word can hold one, so none can pass for two. */
static void key_strings(struct key_writer *key, const struct spec_strings *strings)
{
	key_number(key, strings->n);
	for (size_t i = 0; i < strings->n; i++)
		key_bytes(key, strings->items[i], strlen(strings->items[i]) + 1);
}

/*
 * What the program depends on, and no more: the config's own text would do, too, but holds
 * the listener's metadata, which an engine may write for each container anew. Flags and
 * listener are not part of the program.
 */
static void key_write(struct key_writer *key, const struct oci_seccomp *seccomp)
{
	char versions[128];

	cache_key_versions(versions, sizeof(versions));
	key_bytes(key, versions, strlen(versions));
	key_bytes(key, "oci\n", 4);
	key_number(key, oci_compile_default(seccomp));
	key_number(key, seccomp->default_errno_given);
	key_number(key, seccomp->default_errno);
	key_strings(key, &seccomp->architectures);
	key_number(key, seccomp->n_rules);
	for (size_t i = 0; i < seccomp->n_rules; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->rules[i];

		key_number(key, oci_compile_action(rule));
		/* Not in the action if it is too big or has no place there, which is an error. */
		key_number(key, rule->errno_given ? rule->errno_ret : UINT64_MAX);
		key_strings(key, &rule->names);
		key_number(key, rule->n_args);
		for (size_t j = 0; j < rule->n_args; j++) {
			const struct oci_seccomp_arg *arg = &rule->args[j];

			key_number(key, arg->index);
			key_number(key, (uint64_t)arg->op);
			key_number(key, arg->value);
			key_number(key, arg->value_two);
		}
	}
}

static int make_key(const struct oci_seccomp *seccomp, struct arena *arena, struct cache_key *ret)
{
	struct key_writer key = { 0 };

	key_write(&key, seccomp);
	key.room = arena_alloc(arena, key.size);
	if (!key.room)
		return -ENOMEM;
	key.size = 0;
	key_write(&key, seccomp);
	cache_key_set(ret, key.room, key.size);
	return 0;
}

/* Whether the program can answer so; a rule for calls that do not exist here has no effect. */
static bool can_notify(const struct sock_filter *program, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (program[i].code == (BPF_RET | BPF_K) &&
		    (program[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

/*
 * The loading process has one thread, and its children inherit the filter: TSYNC has
 * nothing to do, and together with a listener the kernel wants yet another flag for it.
 * WAIT_KILLABLE_RECV is refused without a listener.
 */
static unsigned int load_flags(const struct oci_seccomp *seccomp, bool notify)
{
	unsigned int flags = seccomp->flags & ~(unsigned int)SECCOMP_FILTER_FLAG_TSYNC;

	if (notify)
		return flags | SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return flags & ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

static int read_or_compile(const struct oci_seccomp *seccomp, const char *cache_dir, struct arena *arena,
			   struct oci_filter *filter, struct error *err)
{
	struct sock_filter *program = NULL;
	struct cache_key key = { 0 };
	int r;

	if (cache_dir) {
		r = make_key(seccomp, arena, &key);
		if (r < 0)
			return error_set(err, -r, "describe the system call filter");
		filter->cached = cache_read(cache_dir, &key, arena, &program, &filter->n) == 0;
	}
	if (!filter->cached) {
		r = oci_compile_filter(seccomp, arena, &program, &filter->n, err);
		if (r < 0)
			return r;
		if (cache_dir)
			cache_write(cache_dir, &key, program, filter->n);
	}
	filter->program = program;
	return 0;
}

int oci_filter_build(const struct oci_seccomp *seccomp, const char *cache_dir, struct arena *arena,
		     struct oci_filter *ret, struct error *err)
{
	struct oci_filter filter = { 0 };
	int r;

	r = read_or_compile(seccomp, cache_dir, arena, &filter, err);
	if (r < 0)
		return r;
	filter.notify = can_notify(filter.program, filter.n);
	if (filter.notify && (!seccomp->listener_path || seccomp->listener_path[0] == '\0')) {
		error_set(err, EINVAL, "linux.seccomp: SCMP_ACT_NOTIFY without listenerPath");
		return error_remedy(err, "name the unix socket of the process that is to decide there");
	}
	filter.flags = load_flags(seccomp, filter.notify);
	*ret = filter;
	return 0;
}

static int explain_load(const struct oci_filter *filter, struct error *err)
{
	if (err->code == EBUSY && filter->notify)
		return error_remedy(err, "a filter of the caller has a listener already, and a process can "
					 "have one only: start the runtime outside");
	if (err->code == EACCES)
		return error_remedy(err, "without process.noNewPrivileges the container needs CAP_SYS_ADMIN "
					 "in its user namespace for a filter: set it");
	if (err->code == EINVAL)
		return error_remedy(err, "linux.seccomp.flags has one that this kernel does not take: see "
					 "supportedFlags of features");
	return -err->code;
}

int oci_filter_load(const struct oci_filter *filter, struct error *err)
{
	struct sock_fprog program = {
		.len = (unsigned short)filter->n,
		.filter = (struct sock_filter *)(uintptr_t)filter->program, /* only read, seccomp(2) */
	};
	int r;

	if (!filter->program)
		return 0;
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, filter->flags, &program);
	if (r < 0) {
		r = error_set(err, errno, "load the system call filter");
		return err ? explain_load(filter, err) : r;
	}
	return r;
}
