/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "base/str.h"

/* The kernel's limits: the C library keeps the first ones of these for itself, containers may not. */
enum { KERNEL_RTMIN = 34, KERNEL_RTMAX = 64 };

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },       { "INT", SIGINT },     { "QUIT", SIGQUIT },  { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },     { "ABRT", SIGABRT },   { "IOT", SIGIOT },    { "BUS", SIGBUS },
	{ "FPE", SIGFPE },       { "KILL", SIGKILL },   { "USR1", SIGUSR1 },  { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE },   { "ALRM", SIGALRM },  { "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD },   { "CLD", SIGCHLD },   { "CONT", SIGCONT },
	{ "STOP", SIGSTOP },     { "TSTP", SIGTSTP },   { "TTIN", SIGTTIN },  { "TTOU", SIGTTOU },
	{ "URG", SIGURG },       { "XCPU", SIGXCPU },   { "XFSZ", SIGXFSZ },  { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },     { "WINCH", SIGWINCH }, { "IO", SIGIO },      { "POLL", SIGPOLL },
	{ "PWR", SIGPWR },       { "SYS", SIGSYS },     { "UNUSED", SIGSYS },
};

/* What stands behind RTMIN or RTMAX: nothing, or sign and digits. */
static int realtime(const char *rest, int base, char sign)
{
	uint32_t offset = 0;

	if (*rest &&
	    (*rest != sign || str_to_u32(rest + 1, &offset) < 0 || offset > KERNEL_RTMAX - KERNEL_RTMIN))
		return -EINVAL;
	return sign == '+' ? base + (int)offset : base - (int)offset;
}

int signals_number(const char *word)
{
	uint32_t number;

	if (str_to_u32(word, &number) == 0)
		return number <= KERNEL_RTMAX ? (int)number : -EINVAL;
	if (strncasecmp(word, "SIG", 3) == 0)
		word += 3;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(word, names[i].name) == 0)
			return names[i].number;
	if (strncasecmp(word, "RTMIN", 5) == 0)
		return realtime(word + 5, KERNEL_RTMIN, '+');
	if (strncasecmp(word, "RTMAX", 5) == 0)
		return realtime(word + 5, KERNEL_RTMAX, '-');
	return -EINVAL;
}
