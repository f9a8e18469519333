/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code that was data before. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_code[] = {
	{
		.id = "write-xor-execute",
		.title = {
			"Writable or executable, never both",
			"Beschreibbar oder ausführbar, nie beides",
		},
		.question = {
			"The program maps a page that is writable and executable, writes six bytes of "
			"machine code there and calls them. Does the code run?",
			"Das Programm mappt eine Seite, die beschreibbar und ausführbar ist, schreibt "
			"sechs Bytes Maschinencode hinein und ruft sie auf. Läuft der Code?",
		},
		.probes = "mmap-rwx mprotect-rx",
		.opened = "{ \"allow_jit\": true }",
		.key = "allow_jit",
		.open_answer = "OK",
		.hard_answer = "EACCES|EPERM",
		.mechanism = {
			{
				"With PR_SET_MDWE, since Linux 6.3, the kernel refuses memory that is "
				"writable and executable, and also to make memory executable later.",
				"Mit PR_SET_MDWE, seit Linux 6.3, verweigert der Kernel Speicher, der "
				"beschreibbar und ausführbar ist, und auch, Speicher später ausführbar "
				"zu machen.",
			},
			{
				"An attacker who can write into a process wants to bring in machine "
				"code of his own and run it.",
				"Ein Angreifer, der in einen Prozess schreiben kann, will eigenen "
				"Maschinencode hineinbringen und ausführen.",
			},
			{
				"Pieces of code that are there already can still be strung together "
				"(ROP), which is more work and often fails.",
				"Vorhandene Codestücke lassen sich weiterhin aneinanderreihen (ROP), "
				"was mehr Arbeit ist und oft scheitert.",
			},
		},
		.man = "prctl(2), mmap(2), mprotect(2)",
		.quiz = {
			.question = {
				"Which programs stop working without allow_jit?",
				"Welche Programme laufen ohne allow_jit nicht mehr?",
			},
			.choices = {
				{ {
					"All that are linked dynamically.",
					"Alle dynamisch gelinkten.",
				} },
				{ { "Only programs written in C.", "Nur Programme in C." } },
				{ {
					"Those that make machine code at run time: Java, Node.js, "
					"LuaJIT, PHP with its JIT.",
					"Jene, die zur Laufzeit Maschinencode erzeugen: Java, Node.js, "
					"LuaJIT, PHP mit JIT.",
				}, true },
			},
			.because = {
				"A just-in-time compiler writes code and then runs it. The dynamic "
				"linker only maps files that are code already: that stays allowed.",
				"Ein Just-in-time-Compiler schreibt Code und führt ihn dann aus. Der "
				"dynamische Linker mappt nur Dateien, die schon Code sind: Das bleibt "
				"erlaubt.",
			},
		},
		.task = {
			.ask = {
				"You run a Node.js service. Write the line it needs.",
				"Sie betreiben einen Node.js-Dienst. Schreiben Sie die Zeile, die er "
				"braucht.",
			},
			.solution = "{ \"allow_jit\": true }",
			.answer = "OK",
			.allowed = "allow_jit",
		},
	},
	{
		.id = "two-doors",
		.title = { "One memory, two doors", "Ein Speicher, zwei Türen" },
		.question = {
			"One page is mapped twice: at one address writable, at another executable. No "
			"mapping is both. Does that get around the rule that memory is never both?",
			"Eine Seite wird zweimal gemappt: an einer Adresse beschreibbar, an der anderen "
			"ausführbar. Kein Mapping ist beides. Umgeht das die Regel, dass Speicher nie "
			"beides ist?",
		},
		.probes = "memfd-dual-map mmap-rwx",
		.common = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"ftruncate\"]} }",
		.opened = "{ \"allow_jit\": true }",
		.key = "allow_jit",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.mechanism = {
			{
				"MDWE looks at one mapping at a time, so it does not see that two of "
				"them show the same memory file.",
				"MDWE sieht immer nur ein Mapping an und merkt nicht, dass zwei davon "
				"dieselbe Speicherdatei zeigen.",
			},
			{
				"Whoever knows this makes a file in memory with memfd_create, and has "
				"writable code in spite of the rule.",
				"Wer das weiss, macht mit memfd_create eine Datei im Speicher und hat "
				"trotz der Regel beschreibbaren Code.",
			},
			{
				"So two more locks belong to it: the filter refuses memfd_create, and "
				"all writable mounts are noexec.",
				"Darum gehören zwei weitere Schlösser dazu: Der Filter lehnt "
				"memfd_create ab, und alle beschreibbaren Mounts sind noexec.",
			},
		},
		.man = "memfd_create(2), mmap(2), prctl(2)",
		.quiz = {
			.question = {
				"What does this exercise show about a rule such as \"no memory is "
				"writable and executable\"?",
				"Was zeigt diese Übung über eine Regel wie «kein Speicher ist "
				"beschreibbar und ausführbar»?",
			},
			.choices = {
				{ { "It is useless.", "Sie ist nutzlos." } },
				{ {
					"It counts for what the kernel checks, here a mapping, and one "
					"has to look for the way around.",
					"Sie gilt für das, was der Kernel prüft, hier ein Mapping; den "
					"Weg darum herum muss man suchen.",
				}, true },
				{ {
					"It needs a faster processor.",
					"Sie braucht einen schnelleren Prozessor.",
				} },
			},
			.because = {
				"Protection is a statement about a mechanism. An attack that avoids the "
				"mechanism does not break it, so it has to be closed elsewhere.",
				"Schutz ist eine Aussage über einen Mechanismus. Ein Angriff, der ihn "
				"umgeht, bricht ihn nicht; er muss anderswo gestoppt werden.",
			},
		},
		.task = {
			.ask = {
				"A just-in-time compiler maps its code twice, as here. Which single "
				"line opens that as well?",
				"Ein Just-in-time-Compiler mappt seinen Code wie hier zweimal. Welche "
				"einzelne Zeile öffnet auch das?",
			},
			.solution = "{ \"allow_jit\": true }",
			.answer = "OK",
			.allowed = "allow_jit",
		},
	},
	{
		.id = "fileless",
		.title = { "A program without a file", "Ein Programm ohne Datei" },
		.question = {
			"The service has a just-in-time compiler and may execute one program, named "
			"by its path. The attacker writes his own into a memory file, which has no "
			"path. Does it run?",
			"Der Dienst hat einen Just-in-time-Compiler und darf ein Programm ausführen, "
			"mit Pfad genannt. Der Angreifer schreibt sein eigenes in eine Speicherdatei, "
			"die keinen Pfad hat. Läuft es?",
		},
		.probes = "memfd-exec exec-other",
		.common = "{ \"allow_jit\": true, \"exec\": {\"allow\": [\"/probe/other\"]} }",
		.opened = "{ \"exec\": {\"allow\": [\"*\"]} }",
		.key = "exec.allow",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"execveat with AT_EMPTY_PATH executes whatever a descriptor stands for, "
				"and Landlock holds a list of paths but lets pass what lies on mounts "
				"inside the kernel.",
				"execveat mit AT_EMPTY_PATH führt aus, wofür ein Deskriptor steht; "
				"Landlock hält eine Liste von Pfaden ein, lässt aber durch, was auf "
				"Mounts im Kernel liegt.",
			},
			{
				"Malware that lives only in memory leaves no file for a virus scanner "
				"or an investigation.",
				"Malware, die nur im Speicher lebt, hinterlässt keine Datei für "
				"Virenscanner oder Untersuchung.",
			},
			{
				"What holds is the filter: with a list, memfd_create must have the flag "
				"MFD_NOEXEC_SEAL, and what it makes can be mapped by the compiler, but "
				"never executed.",
				"Es hält der Filter: Mit einer Liste braucht memfd_create das Flag "
				"MFD_NOEXEC_SEAL; was so entsteht, kann der Compiler mappen, aber "
				"niemand ausführen.",
			},
		},
		.man = "memfd_create(2), execveat(2), landlock(7)",
		.quiz = {
			.question = {
				"All mounts of a container are noexec or read-only. Why does that not "
				"stop a program from a memfd?",
				"Alle Mounts eines Containers sind noexec oder read-only. Warum stoppt "
				"das kein Programm aus einem memfd?",
			},
			.choices = {
				{ {
					"noexec does not count for root.",
					"noexec gilt nicht für root.",
				} },
				{ {
					"A memfd lies on a mount inside the kernel that belongs to no "
					"mount namespace.",
					"Ein memfd liegt auf einem Mount im Kernel, der zu keinem mount "
					"namespace gehört.",
				}, true },
				{ { "A memfd is no file.", "Ein memfd ist keine Datei." } },
			},
			.because = {
				"Options of mounts only reach what is reached through them. Since Linux "
				"6.3 the sysctl vm.memfd_noexec closes this for a whole pid namespace.",
				"Mount-Optionen wirken nur auf das, was man durch sie erreicht. Seit "
				"Linux 6.3 schliesst der sysctl vm.memfd_noexec das für einen ganzen "
				"pid namespace.",
			},
		},
		.task = {
			.ask = {
				"An old compiler knows no MFD_NOEXEC_SEAL, and you accept that "
				"anything can be executed. Which line opens that?",
				"Ein alter Compiler kennt MFD_NOEXEC_SEAL nicht, und Sie nehmen in "
				"Kauf, dass alles ausgeführt werden kann. Welche Zeile öffnet das?",
			},
			.solution = "{ \"exec\": {\"allow\": [\"*\"]} }",
			.answer = "OK",
			.allowed = "exec.allow",
		},
	},
	{ 0 },
};
/* clang-format on */
