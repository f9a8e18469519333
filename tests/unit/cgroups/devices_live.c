/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macro.h"
#include "cgroups/devices.h"
#include "device_attempt.h"
#include "scratch.h"

static int load(const struct device_rule *rules, size_t n_rules)
{
	struct bpf_insn insns[DEVICES_INSNS_MAX];
	struct error err = { 0 };
	int n = devices_compile(rules, n_rules, insns), program_fd;

	cr_assert(gt(int, n, 0));
	program_fd = devices_load(insns, (size_t)n, &err);
	if (program_fd == -EPERM || program_fd == -ENOSYS)
		cr_skip_test("no device filter can be loaded here: %s", error_name(-program_fd));
	cr_assert(ge(int, program_fd, 0), "%s: %d", err.msg, err.code);
	return program_fd;
}

static void attach(int fd, const struct device_rule *rules, size_t n_rules)
{
	struct error err = { 0 };
	int program_fd = load(rules, n_rules);

	cr_assert(zero(int, devices_attach(fd, program_fd, &err)), "%s: %d", err.msg, err.code);
	close(program_fd);
}

Test(devices, refuses_what_is_not_listed)
{
	const struct device_rule null = { .major = 1, .minor = 3, .read = true, .write = true };
	const struct device_rule zero_and_mknod[] = {
		{ .major = 1, .minor = 5, .read = true },
		{ .major = 1, .minor = 3, .mknod = true },
	};
	struct device_attempt null_rw = { "/dev/null", O_RDWR }, zero_r = { "/dev/zero", O_RDONLY },
			      zero_w = { "/dev/zero", O_WRONLY };
	struct scratch scratch;
	char path[64];
	struct device_node node = { .path = path, .minor = 3 };

	close(load(NULL, 0)); /* skips before anything is made */
	scratch_init(&scratch, 0);
	scratch_create(&scratch, 0);
	snprintf(path, sizeof(path), "/tmp/kapsel-test-node-%d", getpid());
	cr_assert(zero(int, devices_attached(scratch.fd)));
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_open, &zero_r))),
		  "open before the filter");
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_mknod, &node))),
		  "mknod before the filter");

	attach(scratch.fd, &null, 1);
	cr_assert(eq(int, devices_attached(scratch.fd), 1));
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_open, &null_rw))));
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_open, &zero_r)), EPERM));
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_mknod, &node)), EPERM));

	attach(scratch.fd, zero_and_mknod, ARRAY_SIZE(zero_and_mknod));
	cr_assert(eq(int, devices_attached(scratch.fd), 1), "the first program was replaced");
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_open, &zero_r))));
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_open, &zero_w)), EPERM));
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_open, &null_rw)), EPERM));
	cr_assert(zero(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_mknod, &node))));

	attach(scratch.fd, NULL, 0);
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_open, &zero_r)), EPERM));
	cr_assert(eq(int, scratch_wait(scratch_spawn(scratch.fd, device_attempt_mknod, &node)), EPERM));
	scratch_finish(&scratch);
}

Test(devices, loads_as_many_rules_as_compile)
{
	struct device_rule rules[140];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = (struct device_rule){ .block = i % 2,
						 .major = (uint32_t)i,
						 .any_minor = i % 3 == 0,
						 .minor = 0xffffffff,
						 .read = true,
						 .mknod = i % 5 == 0 };
	fd = load(rules, ARRAY_SIZE(rules));
	cr_assert(ne(int, fcntl(fd, F_GETFD) & FD_CLOEXEC, 0));
	close(fd);
}

Test(devices, says_why_attaching_fails)
{
	struct error err = { 0 };

	cr_assert(lt(int, devices_attach(-1, -1, &err), 0));
	cr_assert(eq(str, err.msg, "attach the device filter to the cgroup"));
	cr_assert(lt(int, devices_attached(-1), 0));
}
