/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors that are about limits and the network; those about paths are in why_errors_path.c. */
#include "lab/why/why_errors.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "lab/why/why_advice.h"
#include "profiles/spec.h"

/* --- the network ---------------------------------------------------------------- */

static const char *network_reason(const struct spec *spec)
{
	if (!spec)
		return "by default a container has no network at all";
	if (spec->network == SPEC_NETWORK_NONE)
		return "\"network\" is \"none\": a network namespace of its own, without any interface that is up";
	if (spec->network == SPEC_NETWORK_LOOPBACK)
		return "\"network\" is \"loopback\": only its own lo, on which nobody listens but itself";
	return NULL;
}

bool why_errors_network(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const char *reason = network_reason(why->spec);
	bool binds = found->error->number == EADDRNOTAVAIL;

	/* With a real network it is the network's matter. */
	if (!reason)
		return false;
	cause->id = "network";
	cause->what = binds ? "it wanted an address that its network namespace does not have"
			    : "it could not reach somebody over the network";
	cause->reason = reason;
	if (binds) {
		cause->line = "\"listen\": { \"main\": { \"stream\": \"0.0.0.0:PORT\" } }";
		cause->exposes = why_advice_exposes("listen");
		cause->advice = "the program then takes the socket over as descriptor 3 (LISTEN_FDS)";
		return true;
	}
	cause->line = "\"network\": { \"mode\": \"join\", \"netns\": \"/run/netns/NAME\" }";
	cause->exposes =
		"what that prepared network namespace reaches, and nothing else of the host; \"network\": "
		"\"host\" would expose all of it";
	return true;
}

/* --- limits --------------------------------------------------------------------- */

static bool has_word(const struct why_error_found *found, const char *word)
{
	return strcasestr(found->line->text, word) != NULL;
}

static bool describe_open_files(struct why *why, struct why_cause *cause)
{
	cause->id = "open-files";
	cause->what = "it had as many files and sockets open as it may";
	cause->reason = "\"limits.open_files\" is RLIMIT_NOFILE";
	cause->line = why->spec && why->spec->limits.open_files < SPEC_UNSET / 2
			      ? why_text(why, "\"limits\": { \"open_files\": %" PRIu64 " }",
					 why->spec->limits.open_files * 2)
			      : "\"limits\": { \"open_files\": … }";
	cause->exposes = why_advice_exposes("limits.open_files");
	cause->advice = "a program that never closes what it opens reaches every limit";
	return true;
}

static bool describe_file_size(struct why *why, struct why_cause *cause)
{
	char raised[32];

	cause->id = "file-size";
	cause->what = "it wrote a file beyond the limit of a file's size";
	cause->reason = "\"limits.file_size\" is RLIMIT_FSIZE; who ignores SIGXFSZ gets EFBIG";
	cause->line =
		why->spec && why->spec->limits.file_size_bytes < SPEC_UNSET / 2
			? why_text(why, "\"limits\": { \"file_size\": \"%s\" }",
				   why_size(why->spec->limits.file_size_bytes * 2, raised, sizeof(raised)))
			: "\"limits\": { \"file_size\": \"…\" }";
	cause->exposes = why_advice_exposes("limits.file_size");
	return true;
}

static bool describe_memory(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	char raised[32];

	cause->id = "memory";
	cause->what = "the kernel gave it no more memory";
	if (has_word(found, "mlock") || has_word(found, "lock")) {
		cause->reason = "\"limits.locked_memory\" is RLIMIT_MEMLOCK";
		cause->line = "\"limits\": { \"locked_memory\": \"…\" }";
		cause->exposes = why_advice_exposes("limits.locked_memory");
		return true;
	}
	cause->reason =
		"one allocation was larger than the machine would promise, or its process can't fork any more; "
		"\"limits.memory\" itself kills instead";
	if (why->spec && why->spec->limits.memory_bytes < SPEC_UNSET / 2) {
		cause->line = why_text(why, "\"limits\": { \"memory\": \"%s\" }",
				       why_size(why->spec->limits.memory_bytes * 2, raised, sizeof(raised)));
		cause->exposes = why_advice_exposes("limits.memory");
	}
	return true;
}

/* EAGAIN is an everyday answer but for who makes processes. */
static bool describe_again(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	if (why->end->pids_limit_hits > 0 || (!has_word(found, "fork") && !has_word(found, "thread")))
		return false;
	cause->id = "pids";
	cause->what = "it could not make another process or thread";
	cause->reason = "\"limits.pids\" bounds them, and RLIMIT_NPROC of the id on the host";
	cause->line =
		why->spec && why->spec->limits.pids < SPEC_UNSET / 2
			? why_text(why, "\"limits\": { \"pids\": %" PRIu64 " }", why->spec->limits.pids * 2)
			: "\"limits\": { \"pids\": … }";
	cause->exposes = why_advice_exposes("limits.pids");
	return true;
}

static bool describe_limit(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	switch (found->error->number) {
	case EMFILE:
		return describe_open_files(why, cause);
	case EFBIG:
		return describe_file_size(why, cause);
	case ENOMEM:
		return describe_memory(why, found, cause);
	case EAGAIN:
		return describe_again(why, found, cause);
	default:
		return false;
	}
}

/* --- the dynamic linker ------------------------------------------------------------ */

static bool describe_library(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	const char *begin = strcasestr(found->line->text, found->error->text) + strlen(found->error->text);
	size_t length;

	begin += strspn(begin, ": ");
	length = strcspn(begin, ": ");
	if (length == 0 || length > 200)
		return false;
	cause->id = "library";
	cause->what = why_text(why, "a library is missing in the root file system: %.*s", (int)length, begin);
	cause->reason = "the dynamic linker looks for it inside, and finds none that it may read";
	cause->advice =
		why_text(why, "copy it into %s, with what ldd(1) names, or link the program statically",
			 why->end->rootfs[0] ? why->end->rootfs : "the image");
	return true;
}

bool why_errors_describe(struct why *why, const struct why_error_found *found, struct why_cause *cause)
{
	switch (found->error->kind) {
	case WHY_ERROR_NETWORK:
		return why_errors_network(why, found, cause);
	case WHY_ERROR_LIMIT:
		return describe_limit(why, found, cause);
	case WHY_ERROR_LIBRARY:
		return describe_library(why, found, cause);
	case WHY_ERROR_PATH:
	case WHY_ERROR_SPACE:
		return why_errors_path(why, found, cause);
	}
	return false;
}
