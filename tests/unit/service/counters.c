/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/counters.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "service_fixture.h"

TestSuite(counters, .init = service_init, .fini = service_fini);

Test(counters, are_seen_by_others_without_a_system_call_and_outlive_the_mapping)
{
	_cleanup_fd_ int dir = open(service_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct counters *mapped = NULL, seen;
	struct error err = { 0 };

	cr_assert(zero(int, counters_map(dir, &mapped, &err)), "%s", err.msg);
	cr_assert(zero(u64, mapped->starts));
	mapped->starts = 2;
	mapped->denied[COUNTERS_POLICY] = 5;
	cr_assert(zero(int, counters_read(dir, &seen)));
	cr_assert(eq(u64, seen.starts, 2));
	cr_assert(eq(u64, seen.denied[COUNTERS_POLICY], 5));
	mapped = counters_unmap(mapped);
	cr_assert(zero(int, counters_map(dir, &mapped, &err)));
	cr_assert(eq(u64, mapped->starts, 2));
	counters_unmap(mapped);
	cr_assert(counters_unmap(NULL) == NULL);
}

Test(counters, are_zero_where_there_is_no_file)
{
	_cleanup_fd_ int dir = open(service_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct counters seen;

	cr_assert(zero(int, counters_read(dir, &seen)));
	cr_assert(zero(u64, seen.starts));
	cr_assert(zero(u64, seen.events_lost));
}

Test(counters, of_another_version_are_not_misread)
{
	_cleanup_fd_ int dir = open(service_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct counters *mapped = NULL, seen;
	struct error err = { 0 };

	cr_assert(zero(int, counters_map(dir, &mapped, &err)));
	mapped->version++;
	mapped->starts = 9;
	counters_unmap(mapped);
	cr_assert(zero(int, counters_read(dir, &seen)));
	cr_assert(zero(u64, seen.starts));
	cr_assert(zero(int, counters_map(dir, &mapped, &err)));
	cr_assert(zero(u64, mapped->starts));
	counters_unmap(mapped);
}

Test(counters, a_planted_link_is_refused)
{
	_cleanup_fd_ int dir = open(service_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct counters *mapped = NULL, seen;

	cr_assert(zero(int, symlinkat("/dev/zero", dir, "counters")));
	cr_assert(eq(int, counters_map(dir, &mapped, NULL), -ELOOP));
	cr_assert(eq(int, counters_read(dir, &seen), -ELOOP));
}
