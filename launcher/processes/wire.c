/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
