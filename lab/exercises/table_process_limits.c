/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of each process. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_process_limits[] = {
	{
		.id = "open-files",
		.title = { "Running out of descriptors", "Wenn die Deskriptoren ausgehen" },
		.question = {
			"The program opens 2048 descriptors and first tries to raise its own limit. How "
			"far does it get by default?",
			"Das Programm öffnet 2048 Deskriptoren und versucht vorher, die eigene Grenze "
			"anzuheben. Wie weit kommt es im Standard?",
		},
		.probes = "exhaust-fds raise-rlimit",
		.opened = "{ \"limits\": {\"open_files\": 3000} }",
		.key = "limits.open_files",
		.open_answer = "OK",
		.hard_answer = "EMFILE",
		.mechanism = {
			{
				"RLIMIT_NOFILE is one above the highest descriptor that a process may "
				"have; kapsel sets the soft and the hard limit to the same number.",
				"RLIMIT_NOFILE liegt eins über dem höchsten Deskriptor, den ein Prozess "
				"haben darf; kapsel setzt soft und hard limit auf dieselbe Zahl.",
			},
			{
				"Each open file and socket costs memory of the kernel, and whoever "
				"opens without end takes it from all.",
				"Jede offene Datei und jeder Socket kostet Speicher des Kernels; wer "
				"ohne Ende öffnet, nimmt ihn allen weg.",
			},
			{
				"The limit counts for one process, so that the container as a whole may "
				"have this many times limits.pids.",
				"Die Grenze gilt pro Prozess; der ganze Container kann also so viele "
				"mal limits.pids haben.",
			},
		},
		.man = "getrlimit(2), dup(2)",
		.quiz = {
			.question = {
				"EMFILE and ENFILE both say \"too many open files\". Which is which?",
				"EMFILE und ENFILE sagen beide «too many open files». Welches ist "
				"welches?",
			},
			.choices = {
				{ {
					"EMFILE: this process; ENFILE: the whole machine.",
					"EMFILE: dieser Prozess; ENFILE: die ganze Maschine.",
				}, true },
				{ {
					"EMFILE: the whole machine; ENFILE: this process.",
					"EMFILE: die ganze Maschine; ENFILE: dieser Prozess.",
				} },
				{ { "They mean the same.", "Sie bedeuten dasselbe." } },
			},
			.because = {
				"ENFILE means that the table of all open files of the system is full. "
				"The small limit per container keeps others from ever seeing it.",
				"ENFILE heisst, dass die Tabelle aller offenen Dateien des Systems voll "
				"ist. Die kleine Grenze pro Container sorgt dafür, dass andere das nie "
				"sehen.",
			},
		},
		.task = {
			.ask = {
				"A proxy holds up to 2500 connections. Write the line.",
				"Ein Proxy hält bis zu 2500 Verbindungen. Schreiben Sie die Zeile.",
			},
			.solution = "{ \"limits\": {\"open_files\": 2600} }",
			.answer = "OK",
			.allowed = "limits.open_files",
		},
	},
	{
		.id = "locked-memory",
		.title = { "Memory that is never swapped", "Speicher, der nie ausgelagert wird" },
		.question = {
			"The filter lets mlock pass, and the program wants to lock a single page. Which "
			"errno does it get as long as the limit is 0?",
			"Der Filter lässt mlock durch, und das Programm will eine einzige Seite "
			"sperren. Welches errno erhält es, solange die Grenze 0 ist?",
		},
		.probes = "mlock-page mlockall",
		.common = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@memory-lock\"]} }",
		.opened = "{ \"limits\": {\"locked_memory\": \"64KiB\"} }",
		.key = "limits.locked_memory",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:VmLck,CapEff",
		.mechanism = {
			{
				"Locked pages stay in memory whatever happens, and without CAP_IPC_LOCK "
				"the kernel allows as many as RLIMIT_MEMLOCK says, at 0 none at all.",
				"Gesperrte Seiten bleiben auf jeden Fall im Speicher; ohne CAP_IPC_LOCK "
				"erlaubt der Kernel so viele, wie RLIMIT_MEMLOCK sagt, bei 0 gar keine.",
			},
			{
				"Whoever locks much memory takes it from everybody, since the kernel "
				"can move none of it away.",
				"Wer viel sperrt, nimmt den Speicher allen weg, denn der Kernel kann "
				"nichts davon auslagern.",
			},
			{
				"A few pages harm nobody and are right for keys and passwords, which "
				"should never be written to a disk.",
				"Ein paar Seiten schaden niemandem und sind richtig für Schlüssel und "
				"Passwörter, die nie auf einer Platte landen sollen.",
			},
		},
		.man = "mlock(2), getrlimit(2), capabilities(7)",
		.quiz = {
			.question = {
				"A password manager locks the page with the master password. Against "
				"what does that help?",
				"Ein Passwortmanager sperrt die Seite mit dem Master-Passwort. Wogegen "
				"hilft das?",
			},
			.choices = {
				{ {
					"Against other processes of the same user.",
					"Gegen andere Prozesse desselben Benutzers.",
				} },
				{ { "Against root.", "Gegen root." } },
				{ {
					"Against it ending up in swap, where it can be found after the "
					"machine was switched off.",
					"Dagegen, dass es im Swap landet, wo man es nach dem "
					"Ausschalten findet.",
				}, true },
			},
			.because = {
				"Locking is about where the page lies and not about who may read it. "
				"For the latter there are user ids, ptrace rules and the filter.",
				"Sperren regelt, wo die Seite liegt, nicht wer sie lesen darf. Dafür "
				"gibt es User-IDs, ptrace-Regeln und den Filter.",
			},
		},
		.task = {
			.ask = {
				"The program locks 4 pages of 4 KiB for its keys. The call is open "
				"already. Write the line.",
				"Das Programm sperrt 4 Seiten zu 4 KiB für seine Schlüssel. Der Aufruf "
				"ist schon offen. Schreiben Sie die Zeile.",
			},
			.solution = "{ \"limits\": {\"locked_memory\": \"16KiB\"} }",
			.answer = "OK",
			.allowed = "limits.locked_memory",
		},
	},
	{ 0 },
};
/* clang-format on */
