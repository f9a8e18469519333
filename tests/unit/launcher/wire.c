/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors that a process of the container sends: it may have been taken over. */
#include "launcher/processes/processes.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"

Test(wire, what_init_says_comes_through)
{
	struct error sent = { .code = ENOENT, .exit_status = EXIT_NOT_FOUND, .step = "program" }, err;

	strcpy(sent.msg, "execute /bin/x");
	strcpy(sent.remedy, "install it");
	cr_expect(eq(int, wire_take(&sent, &err), -ENOENT));
	cr_expect(eq(int, err.exit_status, EXIT_NOT_FOUND));
	cr_expect(eq(str, err.step, "program"));
	cr_expect(eq(str, err.msg, "execute /bin/x"));
	cr_expect(eq(str, err.remedy, "install it"));
}

Test(wire, texts_without_an_end_get_one)
{
	struct error sent, err;

	memset(&sent, 'x', sizeof(sent));
	(void)wire_take(&sent, &err);
	cr_expect(eq(sz, strnlen(err.step, sizeof(err.step)), sizeof(err.step) - 1));
	cr_expect(eq(sz, strnlen(err.msg, sizeof(err.msg)), sizeof(err.msg) - 1));
	cr_expect(eq(sz, strnlen(err.remedy, sizeof(err.remedy)), sizeof(err.remedy) - 1));
}

Test(wire, no_failure_looks_like_a_success)
{
	struct error sent = { .code = 0, .exit_status = 256 }, err;

	cr_expect(eq(int, wire_take(&sent, &err), -EPROTO));
	cr_expect(zero(int, err.exit_status));
	sent.code = -EPERM;
	cr_expect(eq(int, wire_take(&sent, &err), -EPROTO));
	cr_expect(eq(int, err.code, EPROTO));
}
