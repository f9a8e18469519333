/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a deadly signal means, and who sends it. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/macro.h"
#include "lab/why/why.h"
#include "lab/why/why_advice.h"
#include "profiles/spec.h"

struct meaning {
	int number;
	const char *what;   /* it meant, after the signal's name */
	const char *sender; /* whose signal it is */
	const char *advice;
};

static const struct meaning meanings[] = {
	{ SIGSEGV, "it accessed memory that is not there, or not allowed so",
	  "the kernel sends it to a program for a fault of its own; kill(2) could, too",
	  "a bug of the program, or code that it generated without \"allow_jit\"; a core file or a debugger shows "
	  "the place" },
	{ SIGBUS, "it accessed memory behind the end of a mapped file, or of a tmpfs that is full",
	  "the kernel sends it to a program for a fault of its own",
	  "look at the size of the files and tmpfs mounts that it maps" },
	{ SIGABRT, "it gave up: abort(3), a failed assertion, a broken heap, an uncaught exception",
	  "the program sends it to itself", "its last lines of output say what it found" },
	{ SIGILL, "it executed an instruction that this processor does not know",
	  "the kernel sends it to a program for a fault of its own",
	  "a program built for a newer processor, or a deliberate trap" },
	{ SIGFPE, "it divided an integer by zero", "the kernel sends it to a program for a fault of its own",
	  "a bug of the program" },
	{ SIGTRAP, "it met a breakpoint or a deliberate trap",
	  "the kernel sends it to a program for its own trap",
	  "programs trap so where they find themselves broken" },
	{ SIGPIPE, "it wrote into a pipe or socket that nobody reads any more",
	  "the kernel sends it to whoever writes there", "whoever it talked to ended first" },
	{ SIGALRM, "its own timer ran out", "the program set it with alarm(2) or setitimer(2)",
	  "its last lines of output say what it waited for" },
	{ SIGXCPU, "it used up a limit of processor time", "the kernel sends it at RLIMIT_CPU",
	  "the profile sets no such limit: it was inherited, or the program's own" },
	{ SIGKILL, "it was ended by force",
	  "not kapsel, and not for memory: another process of the container, or somebody on the host with kill -9",
	  "the journal of the host may name who; systemd-oomd and earlyoom kill so" },
	{ SIGTERM, "it was asked to end", "not kapsel: a process of the container, or somebody on the host",
	  "look for what in the workload calls kill(2)" },
	{ SIGINT, "it was interrupted", "not kapsel: a process of the container, or somebody on the host",
	  NULL },
	{ SIGHUP, "its terminal went away, or it was told to reload and does not handle that",
	  "a process of the container, or somebody on the host", NULL },
	{ SIGQUIT, "it was told to quit with a core file",
	  "a process of the container, or somebody on the host", NULL },
};

static void add_file_size(struct why *why, struct why_cause *cause, const char *who)
{
	const struct spec *spec = why->spec;
	char limit[32], raised[32];

	cause->id = "file-size";
	cause->what = why_text(why, "%s wrote a file beyond the limit of a file's size", who);
	cause->reason =
		"the kernel sends SIGXFSZ to whoever writes over RLIMIT_FSIZE, which is \"limits.file_size\"";
	cause->line = "\"limits\": { \"file_size\": \"…\" }";
	if (spec && spec->limits.file_size_bytes < SPEC_UNSET / 2) {
		cause->line = why_text(why, "\"limits\": { \"file_size\": \"%s\" }",
				       why_size(spec->limits.file_size_bytes * 2, raised, sizeof(raised)));
		why_evidence(cause, why_text(why, "the limit is %s",
					     why_size(spec->limits.file_size_bytes, limit, sizeof(limit))));
	}
	cause->exposes = why_advice_exposes("limits.file_size");
}

void why_signal_add(struct why *why, int number, bool of_child)
{
	const char *name = sigabbrev_np(number), *who = of_child ? "a process that it waited for" : "it";
	struct why_cause *cause = why_add(why, of_child ? "signal-of-child" : "signal", !of_child);
	const struct meaning *meaning = NULL;

	if (!cause)
		return;
	why_evidence(cause,
		     of_child ? why_text(why, "exit code %d: shells tell so that a child ended by signal %d",
					 number + 128, number)
			      : "the kernel told so to its parent (wait(2))");
	if (number == SIGXFSZ) {
		add_file_size(why, cause, who);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].number == number)
			meaning = &meanings[i];
	cause->what = why_text(why, "SIG%s ended %s%s%s", name ? name : "?", who, meaning ? ": " : "",
			       meaning ? meaning->what : "");
	cause->reason =
		meaning ? meaning->sender : "sent by a process of the container, or by somebody on the host";
	cause->advice = meaning ? meaning->advice : NULL;
}
