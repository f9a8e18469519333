/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"

void wire_fail(int sock, const struct error *err)
{
	struct message message = { .type = MESSAGE_FAILED, .error = *err };
	/* One write on a seqpacket socket is one message; there is nobody left to tell of its failure. */
	ssize_t sent = write(sock, &message, sizeof(message));

	_exit(sent == (ssize_t)sizeof(message) ? EXIT_LAUNCHER : EXIT_LAUNCHER + 1);
}

int wire_take(const struct error *sent, struct error *err)
{
	*err = *sent;
	err->step[sizeof(err->step) - 1] = '\0';
	err->msg[sizeof(err->msg) - 1] = '\0';
	err->remedy[sizeof(err->remedy) - 1] = '\0';
	if (err->code <= 0)
		err->code = EPROTO;
	/* 256 would be a success to whoever waits for us. */
	if (err->exit_status != EXIT_NOT_EXECUTABLE && err->exit_status != EXIT_NOT_FOUND)
		err->exit_status = 0;
	return -err->code;
}
