/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is certain: the kernel or kapsel has said it. The end itself first, then what was refused before. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/why/why.h"
#include "lab/why/why_advice.h"
#include "lab/why/why_path.h"
#include "profiles/spec.h"

enum { DENIALS_SHOWN = 8 };

static int signal_number(const char *name)
{
	for (int i = 1; i < NSIG; i++) {
		const char *known = sigabbrev_np(i);

		if (known && str_starts(name, "SIG") && str_equal(known, name + strlen("SIG")))
			return i;
	}
	return 0;
}

static void add_lost(struct why *why)
{
	struct why_cause *cause = why_add(why, "lost", true);

	if (!cause)
		return;
	if (why->end->other_boot) {
		cause->what = "the machine went down, or was started anew, while it ran";
		why_evidence(cause, "its record is of another boot");
		cause->advice =
			"a service that is to come back with the machine belongs into a unit: kapsel generate";
		return;
	}
	cause->what = "its supervisor and its standby were both killed, and it with them";
	why_evidence(cause, "it was started, and nobody was left who could tell its end");
	cause->reason = "the kernel ends the container's init when nobody holds its sockets any more";
	cause->advice =
		"look who sends SIGKILL on this machine: the kernel for memory (dmesg), systemd-oomd, a shutdown";
}

/* The command lies in a mount that forbids to execute it: the one failed start with a line of its own. */
static void add_noexec_line(struct why *why, struct why_cause *cause)
{
	const char *program = why->end->program;
	struct why_path place;

	if (!why->spec || !str_equal(why->end->error, "EACCES"))
		return;
	if (!program[0] && why->spec->command.n > 0)
		program = why->spec->command.items[0];
	if (program[0] != '/')
		return;
	why_path_look(why->spec, program, &place);
	if (!place.mount || place.mount->exec)
		return;
	cause->id = "noexec";
	cause->reason = why_text(why, "the mount %s is noexec", place.mount->target);
	if (place.mount->type == SPEC_MOUNT_BIND)
		cause->line = why_text(
			why, "\"mounts\": { %s: { \"type\": \"bind\", \"source\": %s, \"exec\": true } }",
			why_json(why, place.mount->target), why_json(why, place.mount->source));
	cause->exposes = why_advice_exposes("mounts.exec");
}

static void add_launcher(struct why *why)
{
	const struct why_end *end = why->end;
	struct why_cause *cause;

	if (!end->error[0] && end->exit_status == EXIT_SIGNAL_BASE + SIGKILL) {
		cause = why_add(why, "supervisor-killed", true);
		if (!cause)
			return;
		cause->what = "its supervisor was killed, and the profile says that it then ends";
		why_evidence(cause, end->reason);
		cause->line = "\"on_supervisor_death\": \"adopt\"";
		cause->exposes = why_advice_exposes("on_supervisor_death");
		return;
	}
	cause = why_add(why, "start-failed", true);
	if (!cause)
		return;
	cause->what = end->step[0]
			      ? why_text(why, "kapsel could not start it: the step \"%s\" failed", end->step)
			      : "kapsel itself failed";
	why_evidence(cause, end->reason);
	cause->advice = end->remedy[0] ? end->remedy : NULL;
	add_noexec_line(why, cause);
}

static const struct why_end_denial *find_denial(const struct why_end *end, const char *call)
{
	for (size_t i = end->n_denials; i-- > 0;)
		if (str_equal(end->denials[i].call, call))
			return &end->denials[i];
	return NULL;
}

static void add_seccomp_kill(struct why *why)
{
	const struct why_end_denial *denial = find_denial(why->end, why->end->killed_by);
	/* Without a call there is only the signal, and a process can send that to itself as well. */
	struct why_cause *cause = why_add(why, "seccomp-kill", why->end->killed_by[0] != '\0');

	if (!cause)
		return;
	cause->what = why->end->killed_by[0]
			      ? why_text(why, "seccomp killed it for the system call %s", why->end->killed_by)
			      : "seccomp killed it for a system call of a foreign architecture";
	cause->reason =
		why->end->killed_by[0]
			? "no ordinary program calls that: an exploit does, so it is answered with SIGSYS"
			: "32-bit and x32 entries of the kernel are closed for all profiles: they are a way "
			  "around a filter; a filter of its own or kill(2) would look the same";
	if (!why->end->killed_by[0])
		why_evidence(
			cause,
			"the kernel told SIGSYS to its parent (wait(2)), and no call that kapsel refused");
	if (!denial)
		return;
	why_evidence(cause, denial->reason);
	cause->line = denial->opens[0] ? denial->opens : NULL;
	cause->exposes = why_advice_of_line(cause->line);
	if (!cause->line)
		cause->advice =
			"no profile opens it; \"syscalls\": { \"on_violation\": \"errno\" } answers it with an "
			"errno instead of a kill, if the program can go on without";
}

static void add_memory(struct why *why, bool whole)
{
	struct why_cause *cause = why_add(why, whole ? "out-of-memory" : "out-of-memory-child", true);
	const struct why_end *end = why->end;
	char peak[32], limit[32];

	if (!cause)
		return;
	cause->what = whole ? "the kernel killed it: out of memory"
			    : why_text(why, "the kernel killed %" PRId64 " of its processes: out of memory",
				       end->oom_kills);
	cause->reason = "it used more than \"limits.memory\"; files in a tmpfs count, too";
	if (end->memory_limit > 0) {
		why_evidence(cause, why_text(why, "memory.events: oom_kill %" PRId64 "; limit %s, peak %s",
					     end->oom_kills,
					     why_size((uint64_t)end->memory_limit, limit, sizeof(limit)),
					     end->memory_peak > 0 ? why_size((uint64_t)end->memory_peak, peak,
									     sizeof(peak))
								  : "unknown"));
		cause->line = why_text(why, "\"limits\": { \"memory\": \"%s\" }",
				       why_size((uint64_t)end->memory_limit * 2, limit, sizeof(limit)));
	} else {
		why_evidence(cause, end->reason);
		cause->line = "\"limits\": { \"memory\": \"…\" }";
	}
	cause->exposes = why_advice_exposes("limits.memory");
}

static void add_force(struct why *why, struct why_cause *cause)
{
	if (why->end->stop_timeout_ms == WHY_END_UNKNOWN)
		return;
	why_evidence(cause,
		     why_text(why, "it had not ended %" PRId64 " ms after its stop signal, so it was killed",
			      why->end->stop_timeout_ms));
}

static void add_throttled(struct why *why, struct why_cause *cause)
{
	if (why->end->cpu_throttled > 0)
		why_evidence(cause,
			     why_text(why, "\"limits.cpu\" held it back in %" PRId64 " periods of 100 ms",
				      why->end->cpu_throttled));
}

static void add_runtime(struct why *why)
{
	struct why_cause *cause = why_add(why, "runtime", true);
	uint64_t limit_ms = why->spec ? why->spec->limits.runtime_ms : 0;

	if (!cause)
		return;
	cause->what = "kapsel stopped it: its wall-clock limit was over";
	why_evidence(cause, why->end->reason);
	add_force(why, cause);
	add_throttled(why, cause);
	cause->reason = "it ran for as long as \"limits.runtime\" allows";
	cause->line = limit_ms ? why_text(why, "\"limits\": { \"runtime\": \"%" PRIu64 "ms\" }", limit_ms * 2)
			       : "\"limits\": { \"runtime\": \"…\" }";
	cause->exposes = why_advice_exposes("limits.runtime");
}

static void add_health(struct why *why)
{
	struct why_cause *cause = why_add(why, "health", true);
	const char *output = why->end->health_output;

	if (!cause)
		return;
	cause->what = "kapsel stopped it: its health check failed";
	why_evidence(cause, output[0] ? why_text(why, "the last check said: %s", output)
				      : "the last check said nothing");
	add_force(why, cause);
	add_throttled(why, cause);
	cause->reason =
		"\"health.on_failure\" is \"restart\", and as many checks in a row failed as \"health.retries\" says";
	cause->line = "\"health\": { …, \"on_failure\": \"report\" }";
	cause->exposes = why_advice_exposes("health.retries");
}

static void add_watchdog(struct why *why)
{
	struct why_cause *cause = why_add(why, "watchdog", true);

	if (!cause)
		return;
	cause->what = "kapsel stopped it: it did not tell its watchdog in time that it lives";
	why_evidence(cause, why->end->reason);
	add_force(why, cause);
	add_throttled(why, cause);
	cause->reason =
		"no WATCHDOG=1 came to /dev/notify for as long as \"watchdog\" says: it hangs, or is too slow";
	cause->line = "\"watchdog\": \"…\"";
	cause->exposes = why_advice_exposes("watchdog");
}

static void add_stop(struct why *why)
{
	bool by_signal = str_equal(why->end->stop_by, "signal");
	struct why_cause *cause = why_add(why, "stop", true);

	if (!cause)
		return;
	cause->what = "it was stopped on request";
	why_evidence(
		cause,
		by_signal ? "event stop: kapsel got SIGTERM or SIGINT, from the terminal or a service manager"
			  : "event stop: over its control socket, as kapsel stop, restart and rm -f do");
	add_force(why, cause);
	cause->reason = "nothing was wrong with it: somebody wanted it to end";
	if (why->end->stop_timeout_ms == WHY_END_UNKNOWN)
		return;
	cause->line = "\"stop\": { \"timeout\": \"…\" }";
	cause->exposes = why_advice_exposes("stop.timeout");
	cause->advice =
		"let it handle its stop signal: without a handler it is killed at the end of the timeout";
}

static void add_kill(struct why *why)
{
	struct why_cause *cause = why_add(why, "kill", true);

	if (!cause)
		return;
	cause->what = why_text(why, "%s was sent to it on request", why->end->signal);
	why_evidence(cause, "event kill: over its control socket, as kapsel kill does");
	cause->reason = "nothing was wrong with it: somebody wanted it to get that signal";
}

static void add_pids(struct why *why)
{
	struct why_cause *cause = why_add(why, "pids", true);
	const struct why_end *end = why->end;

	if (!cause)
		return;
	cause->what = why_text(
		why, "a process or thread could not be made %" PRId64 " time(s): the limit was reached",
		end->pids_limit_hits);
	why_evidence(cause, why_text(why, "pids.events: max %" PRId64 "; the limit is %" PRId64,
				     end->pids_limit_hits, end->pids_limit));
	why_evidence(cause, why_texts_line(why, "EAGAIN"));
	cause->reason =
		"fork(2) and clone(2) fail with EAGAIN there; threads and what init needs count as well";
	if (end->pids_limit > 0 && end->pids_limit <= INT64_MAX / 2)
		cause->line = why_text(why, "\"limits\": { \"pids\": %" PRId64 " }", end->pids_limit * 2);
	else
		cause->line = "\"limits\": { \"pids\": … }";
	cause->exposes = why_advice_exposes("limits.pids");
}

static void add_denial(struct why *why, const struct why_end_denial *denial)
{
	struct why_cause *cause = why_add(why, "refused-call", true);

	if (!cause)
		return;
	cause->what = why_text(why, "the system call %s was refused", denial->call);
	why_evidence(cause, why_text(why, "%s; answered %s, %" PRId64 " time%s", denial->reason,
				     denial->answer, denial->count, denial->count == 1 ? "" : "s"));
	why_evidence(cause, why_texts_line(why, denial->answer));
	cause->reason = denial->opens[0] ? "the filter lets through what the profile opens, and nothing else"
					 : "the filter refuses that for every profile";
	cause->line = denial->opens[0] ? denial->opens : NULL;
	cause->exposes = why_advice_of_line(cause->line);
	if (!cause->line)
		cause->advice = "let the program do without; most take that answer and go on";
}

/* The latest first, and before them those of which the program has spoken: they are what it stumbled over. */
static void add_denials(struct why *why)
{
	const struct why_end *end = why->end;
	size_t shown = 0;

	for (int spoken = 1; spoken >= 0; spoken--) {
		for (size_t i = end->n_denials; i-- > 0 && shown < DENIALS_SHOWN;) {
			const struct why_end_denial *denial = &end->denials[i];

			if ((why_texts_line(why, denial->answer) != NULL) != (spoken == 1) ||
			    str_equal(denial->call, end->killed_by))
				continue;
			add_denial(why, denial);
			shown++;
		}
	}
}

/* --- together ------------------------------------------------------------------- */

static void add_stopped(struct why *why)
{
	const char *by = why->end->stop_by;

	if (str_equal(by, "runtime"))
		add_runtime(why);
	else if (str_equal(by, "health"))
		add_health(why);
	else if (str_equal(by, "watchdog"))
		add_watchdog(why);
	else
		add_stop(why);
}

static void add_exit(struct why *why)
{
	const struct why_end *end = why->end;
	struct why_cause *cause;

	if (end->exit_status == 0) {
		cause = why_add(why, "success", true);
		if (cause) {
			cause->what = "it was done: it ended by itself with exit code 0";
			cause->reason = "that is how a program says that all went well";
		}
	} else if (end->exit_status > EXIT_SIGNAL_BASE && end->exit_status < EXIT_SIGNAL_BASE + NSIG) {
		why_signal_add(why, (int)end->exit_status - EXIT_SIGNAL_BASE, true);
	}
}

/* How the run itself ended. */
static void add_end(struct why *why)
{
	const struct why_end *end = why->end;
	int number = signal_number(end->signal);

	if (end->state == WHY_END_LOST)
		add_lost(why);
	else if (end->by_launcher)
		add_launcher(why);
	else if (end->killed_by[0] || (number == SIGSYS && end->kill_signal != SIGSYS))
		add_seccomp_kill(why);
	else if (end->oom)
		add_memory(why, true);
	else if (end->stop_by[0])
		add_stopped(why);
	else if (number && end->kill_signal == number)
		add_kill(why);
	else if (number)
		why_signal_add(why, number, false);
	else
		add_exit(why);
}

/* Whether the workload's own words can explain the end: it ended itself, or it was ended for not answering.
 */
static bool log_tells(const struct why_end *end)
{
	if (end->state != WHY_END_OVER || end->by_launcher || end->oom || end->killed_by[0])
		return false;
	if (str_equal(end->stop_by, "health") || str_equal(end->stop_by, "watchdog"))
		return true;
	return !end->stop_by[0] && end->exit_status != 0 &&
	       (!end->signal[0] || str_equal(end->signal, "SIGABRT"));
}

/* The certain ones first, otherwise in the order in which they were found. */
static void sort(struct why *why)
{
	struct why_cause sorted[WHY_CAUSES_MAX];
	size_t n = 0;

	for (int certain = 1; certain >= 0; certain--)
		for (size_t i = 0; i < why->n; i++)
			if (why->causes[i].certain == (certain == 1))
				sorted[n++] = why->causes[i];
	memcpy(why->causes, sorted, n * sizeof(sorted[0]));
}

int why_causes_find(struct why *why)
{
	const struct why_end *end = why->end;

	add_end(why);
	if (!end->oom && end->oom_kills > 0)
		add_memory(why, false);
	if (end->pids_limit_hits > 0)
		add_pids(why);
	add_denials(why);
	if (log_tells(end))
		why_texts_add(why);
	sort(why);
	return why->exhausted ? -ENOMEM : 0;
}
