/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/filter.h"

#include <errno.h>

#include "base/error.h"
#include "base/macro.h"
#include "profiles/spec.h"
#include "seccomp/cache.h"
#include "seccomp/compile.h"
#include "seccomp/groups.h"
#include "seccomp/policy.h"

static int check_options(const struct spec *spec, const struct filter_options *options, struct error *err)
{
	if (spec_exec_once(spec) && options->exec_fd < 0) {
		error_set(err, EINVAL, "compile the system call filter: exec once without a descriptor");
		return error_remedy(err, "open the program first, or list programs in exec.allow");
	}
	if (options->exec_held && (!options->notify || !spec_exec_once(spec)))
		return error_set(err, EINVAL, "compile the system call filter: nobody to hold the exec for");
	return 0;
}

static size_t count_open(const struct policy *policy)
{
	size_t n = 0;

	for (size_t row = 0; row < SYSCALL_ROWS; row++)
		if (syscall_row_number(row) >= 0 && (policy->verdicts[row] == FILTER_ALLOWED ||
						     policy->verdicts[row] == FILTER_ALLOWED_BY_ARGUMENT))
			n++;

	return n;
}

int filter_build(const struct spec *spec, const struct filter_options *options, struct arena *arena,
		 struct filter *ret, struct error *err)
{
	struct filter filter = { .notify = options->notify };
	struct cache_key key;
	struct policy policy;
	int r;

	r = check_options(spec, options, err);
	if (r < 0)
		return r;
	r = policy_read(spec, options->exec_fd, &policy, err);
	if (r < 0)
		return r;

	filter.n_open = count_open(&policy);
	if (options->cache_dir) {
		r = cache_key_fill(&key, &policy, options, arena);
		if (r < 0)
			return error_set(err, -r, "describe the system call filter");
		if (cache_read(options->cache_dir, &key, arena, &filter.program, &filter.n) == 0) {
			filter.cached = true;
			*ret = filter;
			return 0;
		}
	}
	r = compile_policy(&policy, options, arena, &filter.program, &filter.n, err);
	if (r < 0)
		return r;
	if (options->cache_dir)
		cache_write(options->cache_dir, &key, filter.program, filter.n);
	*ret = filter;
	return 0;
}

enum filter_verdict filter_verdict(const struct spec *spec, int nr)
{
	struct policy policy;

	/* A list with unknown words is refused everywhere: it opens nothing. */
	if (policy_read(spec, -1, &policy, NULL) < 0)
		return FILTER_DENIED;
	return policy_verdict(&policy, nr);
}

int filter_answer(const struct spec *spec, int exec_fd, int nr, const uint64_t args[6])
{
	struct policy policy;

	if (policy_read(spec, exec_fd, &policy, NULL) < 0)
		return EPERM;
	return policy_answer(&policy, nr, args);
}

size_t filter_count(const struct spec *spec)
{
	struct policy policy;

	return policy_read(spec, -1, &policy, NULL) < 0 ? 0 : count_open(&policy);
}
