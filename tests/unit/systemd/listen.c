/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step that opens, keeps and takes over the sockets of `listen`. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/run.h"
#include "launcher/service/endpoint.h"
#include "launcher/service/passed.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"
#include "tests/unit/base/scratch.h"
#include "tests/unit/systemd/forked.h"

static struct scratch scratch;
static char path[128];
static struct spec_listen entry = { .name = "ctl", .address = path, .fd = 3, .backlog = 8 };
static struct spec spec = { .name = "web", .listen = &entry, .n_listen = 1 };
static struct proof proof;
static struct run run;
static int kept[RUN_LISTEN_MAX];

static void set_up(void)
{
	scratch = scratch_new();
	snprintf(path, sizeof(path), "%s/ctl.sock", scratch.path);
	memset(kept, 0xff, sizeof(kept));
}

static void tear_down(void)
{
	scratch_free(&scratch);
}

TestSuite(listen, .init = set_up, .fini = tear_down);

/* One start: the descriptors of an earlier one are closed, as the launcher closes them. */
static int apply(struct error *err)
{
	const struct step step = { .type = &step_listen, .spec = &spec };
	int last = run.proof ? run.listen_fds[0] : -1;

	fd_close(&last);
	run_init(&run);
	run.spec = &spec;
	run.proof = &proof;
	run.kept_listen_fds = kept;
	proof = (struct proof){ 0 };
	return step_listen.apply(&step, &run, err);
}

static ino_t inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

static int connects(void)
{
	_cleanup_fd_ int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage to;
	socklen_t size;

	if (endpoint_parse(path, &to, &size) < 0)
		return -EINVAL;
	return connect(client, (struct sockaddr *)&to, size) < 0 ? -errno : 0;
}

Test(listen, uses_the_same_socket_for_the_next_start)
{
	struct error err = { 0 };
	ino_t first;

	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	first = inode(run.listen_fds[0]);
	fd_close(&run.listen_fds[0]);
	cr_assert(zero(int, connects()), "between two starts a client waits");
	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	cr_assert(eq(u64, inode(run.listen_fds[0]), first));
	cr_assert(ge(int, run.listen_fds[0], RUN_FD_FLOOR));
	cr_assert(eq(u32, proof.listening, 1), "its file is ours to remove");
}

Test(listen, resets_what_an_earlier_workload_set)
{
	struct error err = { 0 };

	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	cr_assert(zero(int, fcntl(run.listen_fds[0], F_SETFL, O_NONBLOCK)));
	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	cr_assert(zero(int, fcntl(run.listen_fds[0], F_GETFL) & O_NONBLOCK));
}

Test(listen, binds_again_when_the_workload_shut_it_down)
{
	struct error err = { 0 };

	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	shutdown(run.listen_fds[0], SHUT_RDWR);
	cr_assert(eq(int, connects(), -ECONNREFUSED));
	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	cr_assert(zero(int, connects()));
}

Test(listen, binds_again_when_the_file_is_gone)
{
	struct error err = { 0 };

	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	cr_assert(zero(int, unlink(path)));
	cr_assert(zero(int, apply(&err)), "%s", err.msg);
	cr_assert(zero(int, connects()));
}

Test(listen, keeps_nothing_where_nothing_is_to_be_kept)
{
	const struct step step = { .type = &step_listen, .spec = &spec };
	struct error err = { 0 };

	run_init(&run);
	run.spec = &spec;
	run.proof = &proof;
	cr_assert(zero(int, step_listen.apply(&step, &run, &err)), "%s", err.msg);
	fd_close(&run.listen_fds[0]);
	cr_assert(eq(int, connects(), -ECONNREFUSED));
}

/* The same twice: the second start gets what the first one had. */
static int take_over(struct error *err)
{
	const struct evidence *none = NULL;
	const struct step step = { .type = &step_listen, .spec = &spec };
	char report[STEP_REPORT_MAX];
	int r = passed_match(&spec, err);
	ino_t passed = inode(passed_fd(0));

	for (int start = 0; r == 0 && start < 2; start++) {
		r = apply(err);
		if (r == 0 && inode(run.listen_fds[0]) != passed)
			return error_set(err, EBADF, "use the socket that was passed");
		if (r == 0 && proof.listening)
			return error_set(err, EEXIST, "leave its file to the manager");
	}
	if (r == 0)
		r = step_listen.verify(&step, &run, none, report, err);
	if (r == 0 && !strstr(report, "(passed)"))
		return error_set(err, ENOMSG, "report \"%s\"", report);
	return r;
}

Test(listen, takes_over_a_passed_socket_for_every_start)
{
	_cleanup_fd_ int passed = forked_socket(path, SOCK_STREAM);
	struct error err = { 0 };

	cr_assert(zero(int, forked_run(take_over, &passed, 1, "ctl", &err)), "%s", err.msg);
	cr_assert(zero(int, access(path, F_OK)));
}

static int take_over_shut_down(struct error *err)
{
	int r = passed_match(&spec, err);

	if (r < 0)
		return r;
	shutdown(passed_fd(0), SHUT_RDWR);
	return apply(err);
}

Test(listen, does_not_bind_in_the_place_of_a_passed_socket)
{
	_cleanup_fd_ int passed = forked_socket(path, SOCK_STREAM);
	struct error err = { 0 };

	cr_assert(eq(int, forked_run(take_over_shut_down, &passed, 1, "ctl", &err), -ESHUTDOWN), "%s",
		  err.msg);
	cr_assert(eq(str, err.remedy, "restart the socket unit, which makes a new one"));
}

Test(listen, refuses_an_address_that_somebody_serves)
{
	_cleanup_fd_ int other = forked_socket(path, SOCK_STREAM);
	struct error err = { 0 };

	cr_assert(ge(int, other, 0));
	cr_assert(eq(int, apply(&err), -EADDRINUSE));
	cr_assert(zero(u32, proof.listening));
	cr_assert(zero(int, connects()));
}
