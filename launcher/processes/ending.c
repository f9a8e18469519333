/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last line of a run: one sentence that says why it ended, and what to change if that was not wanted. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "launcher/processes/processes.h"
#include "launcher/run.h"
#include "profiles/spec.h"
#include "seccomp/groups.h"
#include "seccomp/notify.h"

static const char *call_name(int nr)
{
	const char *name = syscall_name(nr);

	return name ? name : "an unknown call";
}

static void print_bytes(FILE *out, uint64_t bytes)
{
	if (bytes >= 1024 * 1024)
		fprintf(out, "%.1f MiB", (double)bytes / (1024 * 1024));
	else
		fprintf(out, "%" PRIu64 " bytes", bytes);
}

static void print_memory(FILE *out, const struct run *run, const struct cgroup_end *counts)
{
	fputs("out of memory", out);
	if (counts->memory_peak_bytes > 0) {
		fputs(": peak ", out);
		print_bytes(out, counts->memory_peak_bytes);
	}
	fputs(", limit ", out);
	print_bytes(out, run->spec->limits.memory_bytes);
	fputs("; \"limits\": { \"memory\": … } raises it", out);
}

static void print_signal(FILE *out, const struct ending *ending, const struct denials *denials, int number)
{
	const char *name = sigabbrev_np(number);

	fprintf(out, "signal SIG%s", name ? name : "?");
	if (ending->killed && ending->cause != STOP_NONE)
		fprintf(out, " after %" PRIu64 " ms of stop timeout", ending->stop_timeout_ms);
	if (number == SIGSYS && (!denials || denials->killed_by < 0))
		fputs(": a system call of a foreign architecture (32-bit or x32 entry), which no profile opens",
		      out);
	if (number == SIGXFSZ)
		fputs(": a file grew over \"limits\": { \"file_size\": … }", out);
	if (number == SIGXCPU)
		fputs(": the processor time limit", out);
}

/* The filter's answer ended the workload itself, not just a child of it. */
static bool by_seccomp(const struct ending *ending, const struct denials *denials)
{
	int status = ending->wait_status;

	return denials && denials->killed_by >= 0 && WIFSIGNALED(status) &&
	       (WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGKILL);
}

void ending_reason(FILE *out, const struct run *run, const struct ending *ending,
		   const struct cgroup_end *counts, const struct denials *denials)
{
	static const char *const causes[] = {
		[STOP_NONE] = "",
		[STOP_SIGNAL] = " (stop was asked for)",
		[STOP_CONTROL] = " (stop was asked for)",
		[STOP_HEALTH] = " (its health check failed)",
		[STOP_WATCHDOG] = " (it did not tell its watchdog that it lives)",
		[STOP_RUNTIME] = "",
	};
	int status = ending->wait_status;
	bool killed = WIFSIGNALED(status);

	if (by_seccomp(ending, denials)) {
		const struct denial *denial = &denials->items[denials->killed_by];

		fprintf(out, "seccomp killed it for calling %s: %s", call_name(denial->nr), denial->reason);
	} else if (killed && WTERMSIG(status) == SIGKILL && counts->oom_kills > 0) {
		print_memory(out, run, counts);
	} else if (ending->cause == STOP_RUNTIME) {
		fprintf(out, "wall-clock limit of %" PRIu64 " ms; \"limits\": { \"runtime\": … } raises it",
			run->spec->limits.runtime_ms);
	} else if (killed) {
		print_signal(out, ending, denials, WTERMSIG(status));
	} else {
		fprintf(out, "exit code %d", WEXITSTATUS(status));
	}
	fputs(causes[ending->cause], out);
	if (!(killed && counts->oom_kills > 0) && counts->oom_kills > 0)
		fprintf(out, "; out of memory killed %" PRIu64 " of its processes", counts->oom_kills);
	if (counts->pids_max_hits > 0)
		fprintf(out,
			"; the limit of %" PRIu64 " processes was hit %" PRIu64
			" time(s): \"limits\": { \"pids\": … }",
			run->spec->limits.pids, counts->pids_max_hits);
}

static void print_denials(FILE *out, const struct ending *ending, const struct denials *denials)
{
	if (!denials)
		return;
	for (size_t i = 0; i < denials->n; i++) {
		const struct denial *denial = &denials->items[i];

		if ((int)i == denials->killed_by && by_seccomp(ending, denials))
			continue;
		fprintf(out, "kapsel:   refused %s (%" PRIu64 "x, %s): %s\n", call_name(denial->nr),
			denial->count, denial->answer ? error_name(denial->answer) : "killed",
			denial->reason);
		if (denial->opens[0])
			fprintf(out, "kapsel:     opened by %s\n", denial->opens);
	}
}

int ending_status(const struct ending *ending)
{
	int status = ending->wait_status;

	return WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

void ending_print(FILE *out, const struct run *run, const struct ending *ending,
		  const struct cgroup_end *counts, const struct denials *denials)
{
	print_denials(out, ending, denials);
	fprintf(out, "kapsel: %s ended after %" PRIu64 ".%03" PRIu64 " s: ", run->spec->name,
		ending->runtime_ms / 1000, ending->runtime_ms % 1000);
	ending_reason(out, run, ending, counts, denials);
	fputc('\n', out);
}
