/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/lab_report/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/macro.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/result.h"
#include "lab/report/report.h"
#include "tests/unit/lab_report/markup.h"

static const struct exercise exercises[SAMPLE_RESULTS] = {
	[SAMPLE_NAMESPACE] = {
		.number = 1,
		.id = "nested-namespaces",
		.title = { "A root of one's own", "Ein eigener root für jeden" },
		.question = { "Any process may ask for a user namespace in which it is root. What does the "
			      "kernel say to the process in the container?",
			      "Jeder Prozess darf einen User-Namespace verlangen, in dem er root ist. Was "
			      "sagt der Kernel zum Prozess im Container?" },
		.probes = "unshare-user clone-user",
		.opened = "{ \"allow_nested_namespaces\": true }",
		.key = "allow_nested_namespaces",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp /proc/self/uid_map",
		.mechanism = {
			{ "The filter looks at the flags of clone and unshare and refuses CLONE_NEWUSER.",
			  "Der Filter prüft die Flags von clone und unshare und lehnt CLONE_NEWUSER ab." },
			{ "In a namespace of its own a process holds all capabilities, and with them "
			  "reaches kernel code that only root was meant to reach.",
			  "In einem eigenen Namespace hat ein Prozess alle Capabilities und erreicht "
			  "damit Code im Kernel, der nur für root gedacht war." },
			{ "The limit of zero namespaces holds where the filter is opened by mistake.",
			  "Die Grenze von null Namespaces hält, wenn der Filter versehentlich offen ist." },
		},
		.man = "user_namespaces(7), seccomp(2)",
		.quiz = {
			.question = { "Why is root in an own user namespace a danger?",
				      "Warum ist root in einem eigenen User-Namespace eine Gefahr?" },
			.choices = {
				{ { "It is root of the host.", "Er ist root des Hosts." }, false },
				{ { "It reaches more kernel code.", "Er erreicht mehr Kernel-Code." }, true },
				{ { "It sees every process.", "Er sieht alle Prozesse." }, false },
			},
			.because = { "Many bugs of recent years lay in code behind such capabilities.",
				     "Viele Fehler der letzten Jahre lagen in solchem Code." },
		},
		.task = {
			.ask = { "Write the line that lets a browser build its own sandbox.",
				 "Schreiben Sie die Zeile, mit der ein Browser eine Sandbox bauen darf." },
			.solution = "{ \"allow_nested_namespaces\": true }",
			.answer = "OK",
			.allowed = "allow_nested_namespaces",
		},
	},
	[SAMPLE_MEMORY] = {
		.number = 2,
		.id = "memory-limit",
		.title = { "Memory has an end", "Der Speicher hat ein Ende" },
		.question = { "What happens to a process that takes twice its memory?",
			      "Was geschieht mit einem Prozess, der doppelt so viel Speicher nimmt?" },
		.probes = "memory-hog",
		.opened = "{ \"limits\": { \"memory\": \"256MiB\" } }",
		.key = "limits.memory",
		.open_answer = "OK",
		.hard_answer = "SIGKILL",
		.needs = EXERCISE_NEEDS_MEMORY,
		.mechanism = { { "The cgroup counts each page.", "Die cgroup zählt jede Seite." } },
		.man = "cgroups(7)",
	},
	[SAMPLE_FAILED] = {
		.number = 3,
		.id = "host-pid",
		.title = { "Who else runs here?", "Wer läuft hier noch?" },
		.question = { "Is there such a process?", "Gibt es einen solchen Prozess?" },
		.probes = "kill-host-pid",
		.opened = "{ \"share_host\": [\"pid\"] }",
		.key = "share_host",
		.open_answer = "EPERM|OK",
		.hard_answer = "ESRCH",
		.evidence = "/proc/self/uid_map",
	},
	[SAMPLE_UNTESTABLE] = {
		.number = 4,
		.id = "cpu-share",
		.title = { "A share of the processor", "Ein Anteil am Prozessor" },
		.question = { "How far does it count in a second?", "Wie weit zählt er in einer Sekunde?" },
		.probes = "cpu-burn",
		.opened = "{ \"limits\": { \"cpu\": 1 } }",
		.key = "limits.cpu",
		.needs = EXERCISE_NEEDS_CPU,
	},
	[SAMPLE_HOSTILE] = {
		.number = 5,
		.id = "hostile",
		.title = { "A probe that lies", "Ein Angriff, der lügt" },
		.question = { "What may it write here?", "Was darf er hier schreiben?" },
		.probes = "mount-tmpfs",
		.opened = "{ \"capabilities\": [\"SYS_ADMIN\"] }",
		.key = "capabilities",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/uid_map",
	},
};

static struct result_layer open_layers[] = {
	{ "cgroup-limits", "memory.max 67108864, pids.max 16" },
	{ "device-filter", "BPF_PROG_QUERY: 1 program on the cgroup" },
	{ "user-namespace", "uid_map 65532 -> 231072 (1 id)" },
	{ "namespaces", "own: user mnt pid net ipc uts cgroup time" },
	{ "hostname", "uname says lab-open" },
	{ "root-filesystem", "ro,nosuid,nodev,relatime" },
	{ "proc", "rw,hidepid=invisible,subset=pid" },
	{ "pivot-root", "9 mounts in all, 1 at /" },
	{ "rlimits", "open_files 256 file_size 0 core 1" },
	{ "capabilities", "CapBnd=CapPrm=CapEff=0000000000000000" },
	{ "landlock", "ABI 6; a directory outside of the rules: open before, EACCES after" },
	{ "seccomp", "Seccomp 2, 1 filter(s), 181 calls allowed" },
};

static struct result_layer hard_layers[] = {
	{ "cgroup-limits", "memory.max 67108864, pids.max 16" },
	{ "device-filter", "BPF_PROG_QUERY: 1 program on the cgroup" },
	{ "user-namespace", "uid_map 65532 -> 231072 (1 id)" },
	{ "namespaces", "own: user mnt pid net ipc uts cgroup time" },
	{ "hostname", "uname says lab-hard" },
	{ "root-filesystem", "ro,nosuid,nodev,relatime" },
	{ "proc", "rw,hidepid=invisible,subset=pid" },
	{ "nested-namespaces", "user.max_user_namespaces 0" },
	{ "pivot-root", "9 mounts in all, 1 at /" },
	{ "rlimits", "open_files 256 file_size 0 core 1" },
	{ "capabilities", "CapBnd=CapPrm=CapEff=0000000000000000" },
	{ "landlock", "ABI 6; a directory outside of the rules: open before, EACCES after" },
	{ "seccomp", "Seccomp 2, 1 filter(s), 176 calls allowed" },
};

static struct result_layer hostile_layers[] = { { "seccomp", HOSTILE }, { HOSTILE, HOSTILE } };

static struct result_probe namespace_open[] = { { "unshare-user", "OK", 0, "", "", "uid 0 in a new namespace",
						  "" },
						{ "clone-user", "OK", 0, "", "", "", "" } };
static struct result_probe namespace_hard[] = { { "unshare-user", "EPERM", -1, "EPERM", "", "", "" },
						{ "clone-user", "EPERM", -1, "EPERM", "", "", "" } };
static struct result_probe memory_open[] = { { "memory-hog", "OK", 0, "", "", "128 MiB touched", "" } };
static struct result_probe memory_hard[] = { { "memory-hog", "SIGKILL", -1, "", "SIGKILL", "", "" } };
static struct result_probe failed_open[] = { { "kill-host-pid", "EPERM", -1, "EPERM", "", "", "" } };
static struct result_probe failed_hard[] = { { "kill-host-pid", "EPERM", -1, "EPERM", "", "", "" } };
static struct result_probe hostile_open[] = { { "mount-tmpfs", HOSTILE, 0, HOSTILE, HOSTILE, HOSTILE,
						HOSTILE } };
static struct result_probe hostile_hard[] = { { HOSTILE, HOSTILE, 0, HOSTILE, HOSTILE, HOSTILE, HOSTILE } };

static struct result_evidence namespace_evidence_open[] = {
	{ "/proc/self/status: Seccomp", "2" },
	{ "/proc/self/uid_map", "     65532     231072          1" },
	{ "/proc/sys/user/max_user_namespaces", "127234" },
};
static struct result_evidence namespace_evidence_hard[] = {
	{ "/proc/self/status: Seccomp", "2" },
	{ "/proc/self/uid_map", "     65532     231072          1" },
	{ "/proc/sys/user/max_user_namespaces", "0" },
};
static struct result_evidence memory_evidence[] = { { "memory.events: oom_kill", "1" } };
static struct result_evidence hostile_evidence[] = { { HOSTILE, HOSTILE } };

#define SIDE(kind, answers, seen, stands)                                                                    \
	.profile = "{\n\t\"kapsel\": 1,\n\t\"command\": [\"/probe\", \"run\"]\n}", .probes = (answers),      \
	.n_probes = ARRAY_SIZE(answers), .evidence = (seen), .n_evidence = ARRAY_SIZE(seen),                 \
	.layers = (stands), .n_layers = ARRAY_SIZE(stands),                                                  \
	.end = "kapsel: lab-" kind " ended after 0.031 s: exit code 42"
#define NO_NUMBERS                                                                                           \
	.calls_allowed = RESULT_UNKNOWN, .calls_known = RESULT_UNKNOWN, .memory_peak_bytes = RESULT_UNKNOWN, \
	.memory_max_bytes = RESULT_UNKNOWN, .pids_peak = RESULT_UNKNOWN, .pids_max = RESULT_UNKNOWN,         \
	.cpu_throttled_us = RESULT_UNKNOWN, .uid_map = "", .refused_call = ""

static const struct result made[SAMPLE_RESULTS] = {
	[SAMPLE_NAMESPACE] = {
		.outcome = RESULT_PASS,
		.reason = "",
		.open = { NO_NUMBERS, SIDE("open", namespace_open, namespace_evidence_open, open_layers) },
		.hard = { NO_NUMBERS, SIDE("hard", namespace_hard, namespace_evidence_hard, hard_layers) },
	},
	[SAMPLE_MEMORY] = {
		.outcome = RESULT_PASS,
		.reason = "",
		.open = { NO_NUMBERS, SIDE("open", memory_open, memory_evidence, open_layers) },
		.hard = { NO_NUMBERS, SIDE("hard", memory_hard, memory_evidence, hard_layers) },
	},
	[SAMPLE_FAILED] = {
		.outcome = RESULT_FAIL,
		.reason = "the hard run answered EPERM, expected was ESRCH",
		.open = { NO_NUMBERS, SIDE("open", failed_open, memory_evidence, open_layers) },
		.hard = { NO_NUMBERS, SIDE("hard", failed_hard, memory_evidence, hard_layers) },
	},
	[SAMPLE_UNTESTABLE] = {
		.outcome = RESULT_NOT_TESTABLE,
		.reason = "the cpu controller is not delegated to this user",
		.open = { NO_NUMBERS },
		.hard = { NO_NUMBERS },
	},
	[SAMPLE_HOSTILE] = {
		.outcome = RESULT_FAIL,
		.reason = HOSTILE,
		.open = { NO_NUMBERS, SIDE("open", hostile_open, hostile_evidence, open_layers) },
		.hard = { NO_NUMBERS, SIDE("hard", hostile_hard, hostile_evidence, hostile_layers) },
	},
};

struct result *sample_results(void)
{
	static struct result results[SAMPLE_RESULTS];
	struct result *namespace = &results[SAMPLE_NAMESPACE], *memory = &results[SAMPLE_MEMORY];
	struct result *failed = &results[SAMPLE_FAILED], *hostile = &results[SAMPLE_HOSTILE];

	for (size_t i = 0; i < SAMPLE_RESULTS; i++) {
		results[i] = made[i];
		results[i].exercise = &exercises[i];
	}
	namespace->open.uid_map = namespace->hard.uid_map = "     65532     231072          1\n";
	namespace->open.calls_known = namespace->hard.calls_known = 374;
	namespace->open.calls_allowed = 181;
	namespace->hard.calls_allowed = 176;
	namespace->hard.refused_call = "unshare";
	memory->open.memory_peak_bytes = 137 << 20;
	memory->open.memory_max_bytes = 256 << 20;
	memory->hard.memory_peak_bytes = memory->hard.memory_max_bytes = 64 << 20;
	memory->open.pids_peak = memory->hard.pids_peak = 3;
	memory->open.pids_max = memory->hard.pids_max = 16;
	memory->hard.cpu_throttled_us = 1234567;
	failed->open.uid_map = "0 0 4294967295\n";
	failed->hard.uid_map = "0 100000 1000\n1000 1000 1\n1001 101001 64535\n";
	hostile->hard.profile = hostile->open.profile = hostile->hard.end = hostile->open.end = HOSTILE;
	hostile->hard.refused_call = hostile->hard.uid_map = HOSTILE;
	hostile->hard.calls_allowed = 3;
	hostile->hard.calls_known = 4;
	return results;
}

char *sample_page(const struct result *results, size_t n, enum text_language language)
{
	const struct report_setting setting = { language, "Linux 6.18.5 x86_64", "user 1000",
						"2026-11-22T14:00:00+01:00" };
	struct error err = { 0 };
	char *page = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&page, &size);
	int r;

	if (!out)
		return NULL;
	r = report_write(out, &setting, results, n, &err);
	fclose(out);
	if (r == 0)
		return markup_keep(page);
	free(page);
	return NULL;
}
