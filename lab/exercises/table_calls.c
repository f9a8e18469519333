/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filter: what is refused, and how. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_calls[] = {
	{
		.id = "syscall-filter",
		.title = { "A filter at the gate of the kernel", "Ein Filter am Tor des Kernels" },
		.question = {
			"The program asks for a new session keyring, a call that no ordinary service "
			"makes. What does it get, with the call opened and without?",
			"Das Programm verlangt einen neuen session keyring, ein Aufruf, den kein "
			"gewöhnlicher Dienst macht. Was erhält es, mit und ohne Öffnung?",
		},
		.probes = "keyctl-join add-key",
		.opened = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"keyctl\"]} }",
		.key = "syscalls.allow",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp,Seccomp_filters",
		.mechanism = {
			{
				"Before each system call the kernel runs a small BPF program that sees "
				"the number and the arguments, and answers: let it pass, fail, or end "
				"the process.",
				"Vor jedem Systemaufruf führt der Kernel ein kleines BPF-Programm aus, "
				"das Nummer und Argumente sieht und antwortet: durchlassen, scheitern "
				"oder Prozess beenden.",
			},
			{
				"A kernel has over three hundred system calls, a service uses perhaps "
				"sixty, and each of the others is a place where a bug may be waiting.",
				"Ein Kernel hat über dreihundert Systemaufrufe, ein Dienst braucht "
				"vielleicht sechzig, und in jedem anderen kann ein Fehler warten.",
			},
			{
				"The calls that a service needs stay open, and a bug in one of them as "
				"well: the kernel is shared, unlike that of a virtual machine.",
				"Was ein Dienst braucht, bleibt offen, und damit auch Fehler darin: Der "
				"Kernel ist geteilt; bei einer virtuellen Maschine wäre er das nicht.",
			},
		},
		.man = "seccomp(2), keyctl(2), syscalls(2)",
		.quiz = {
			.question = {
				"Which value does /proc/PID/status show under \"Seccomp\" when a filter "
				"is active?",
				"Welchen Wert zeigt /proc/PID/status unter «Seccomp», wenn ein Filter "
				"aktiv ist?",
			},
			.choices = {
				{ { "0", "0" } },
				{ { "1", "1" } },
				{ { "2", "2" }, true },
			},
			.because = {
				"0 is off, 1 the old strict mode with read, write, exit and sigreturn "
				"only, 2 a filter. Seccomp_filters counts how many there are.",
				"0 heisst aus, 1 der alte strict mode mit nur read, write, exit und "
				"sigreturn, 2 ein Filter. Seccomp_filters zählt, wie viele es sind.",
			},
		},
		.task = {
			.ask = {
				"A Kerberos client keeps its tickets in the kernel's keyring with "
				"keyctl. Open this one call, beside what is open already.",
				"Ein Kerberos-Client legt seine Tickets mit keyctl in den keyring des "
				"Kernels. Öffnen Sie diesen einen Aufruf, zusätzlich zum bereits "
				"Offenen.",
			},
			.solution = 
				"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"keyctl\"]} }",
			.answer = "OK",
			.allowed = "syscalls.allow",
		},
	},
	{
		.id = "kill-or-errno",
		.title = { "Refuse, or end at once", "Ablehnen oder gleich beenden" },
		.question = {
			"The program asks the kernel to load another kernel. What is the answer with "
			"\"on_violation\": \"errno\", and what in the default?",
			"Das Programm verlangt vom Kernel, einen anderen Kernel zu laden. Was ist die "
			"Antwort mit \"on_violation\": \"errno\", und was im Standard?",
		},
		.probes = "kexec-load init-module int80-getpid",
		.opened = "{ \"syscalls\": {\"on_violation\": \"errno\"} }",
		.key = "syscalls.on_violation",
		.open_answer = "EPERM",
		.hard_answer = "SIGSYS",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"A filter may answer a call with an errno, or with "
				"SECCOMP_RET_KILL_PROCESS, which ends the process with SIGSYS before "
				"the call is made.",
				"Ein Filter kann einen Aufruf mit einem errno beantworten oder mit "
				"SECCOMP_RET_KILL_PROCESS, das den Prozess vor dem Aufruf mit SIGSYS "
				"beendet.",
			},
			{
				"No service loads kernels or modules, so whoever tries it is an "
				"attacker, and an errno would invite him to try the next thing.",
				"Kein Dienst lädt Kernel oder Module; wer es versucht, ist ein "
				"Angreifer, und ein errno lüde ihn zum nächsten Versuch ein.",
			},
			{
				"Calls that a harmless program may try fail softly in both runs; a call "
				"through the 32-bit gate, which a filter for 64 bits would misread, "
				"always ends it.",
				"Aufrufe, die auch ein harmloses Programm probiert, scheitern in beiden "
				"Läufen sanft; ein Aufruf durch das 32-Bit-Tor, den ein 64-Bit-Filter "
				"falsch läse, endet immer.",
			},
		},
		.man = "seccomp(2), signal(7)",
		.quiz = {
			.question = {
				"A container ended with exit status 159. What happened, on x86-64?",
				"Ein Container endete mit Exit-Status 159. Was ist geschehen, auf "
				"x86-64?",
			},
			.choices = {
				{ {
					"159 is 128 + 31: signal 31 is SIGSYS, so a filter ended it.",
					"159 ist 128 + 31: Signal 31 ist SIGSYS, ein Filter hat ihn "
					"beendet.",
				}, true },
				{ {
					"The program was not found.",
					"Das Programm wurde nicht gefunden.",
				} },
				{ { "It ran out of memory.", "Der Speicher ging aus." } },
			},
			.because = {
				"An end by a signal shows as 128 plus its number. 127 would be a "
				"program that was not found, 137 is SIGKILL, often by the OOM killer.",
				"Ein Ende durch ein Signal zeigt sich als 128 plus Nummer. 127 wäre ein "
				"nicht gefundenes Programm, 137 ist SIGKILL, oft vom OOM-Killer.",
			},
		},
		.task = {
			.ask = {
				"A security scanner calls everything to see what is refused, and must "
				"survive it. Write the line.",
				"Ein Sicherheits-Scanner ruft alles auf, um zu sehen, was abgelehnt "
				"wird, und muss das überleben. Schreiben Sie die Zeile.",
			},
			.solution = "{ \"syscalls\": {\"on_violation\": \"errno\"} }",
			.answer = "EPERM",
			.allowed = "syscalls.on_violation",
		},
	},
	{
		.id = "watch-only",
		.title = { "A filter that only watches", "Ein Filter, der nur zuschaut" },
		.question = {
			"With \"on_violation\": \"log\" the filter writes down what it would have "
			"refused. Can the program switch off address randomisation then? Can it load a "
			"kernel?",
			"Mit \"on_violation\": \"log\" schreibt der Filter auf, was er abgelehnt hätte. "
			"Kann das Programm nun die Adress-Randomisierung abschalten? Kann es einen "
			"Kernel laden?",
		},
		.probes = "personality keyctl-join kexec-load",
		.opened = "{ \"syscalls\": {\"on_violation\": \"log\"} }",
		.key = "syscalls.on_violation",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"SECCOMP_RET_LOG lets the call pass and writes a line of type 1326 into "
				"the kernel's audit log.",
				"SECCOMP_RET_LOG lässt den Aufruf durch und schreibt eine Zeile vom Typ "
				"1326 ins Audit-Log des Kernels.",
			},
			{
				"personality with ADDR_NO_RANDOMIZE makes the addresses of the next "
				"program predictable, which a later exploit needs.",
				"personality mit ADDR_NO_RANDOMIZE macht die Adressen des nächsten "
				"Programms vorhersagbar, was ein späterer Exploit braucht.",
			},
			{
				"What no workload needs stays closed even here, but all the rest is "
				"open, so this setting is for writing a profile and not for production.",
				"Was kein Dienst braucht, bleibt auch hier zu, alles andere ist offen; "
				"diese Einstellung ist zum Schreiben eines Profils da, nicht für den "
				"Betrieb.",
			},
		},
		.man = "seccomp(2), personality(2)",
		.quiz = {
			.question = {
				"A week in \"log\" mode has shown eight calls. What do you do next?",
				"Eine Woche im Modus «log» hat acht Aufrufe gezeigt. Was tun Sie als "
				"Nächstes?",
			},
			.choices = {
				{ {
					"Leave it: the log shows attacks, too.",
					"So lassen: Das Log zeigt auch Angriffe.",
				} },
				{ {
					"Read each of the eight, open those that the service needs, and "
					"remove the line.",
					"Jeden der acht lesen, die nötigen öffnen und die Zeile "
					"entfernen.",
				}, true },
				{ {
					"Open all eight: they were needed, after all.",
					"Alle acht öffnen: Sie wurden ja gebraucht.",
				} },
			},
			.because = {
				"Seen is not needed: a library often tries a call and lives well with a "
				"refusal. And a log only tells afterwards.",
				"Gesehen heisst nicht gebraucht: Eine Bibliothek probiert oft einen "
				"Aufruf und lebt gut mit einer Ablehnung. Und ein Log erzählt nur "
				"hinterher.",
			},
		},
		.task = {
			.ask = {
				"You write a profile for a program you do not know, in a test "
				"container. Write the line that shows all missing calls in one run.",
				"Sie schreiben in einem Testcontainer ein Profil für ein unbekanntes "
				"Programm. Schreiben Sie die Zeile, die in einem Lauf alle fehlenden "
				"Aufrufe zeigt.",
			},
			.solution = "{ \"syscalls\": {\"on_violation\": \"log\"} }",
			.answer = "OK",
			.allowed = "syscalls.on_violation",
		},
	},
	{
		.id = "clone3-enosys",
		.title = { "The polite lie: ENOSYS", "Die höfliche Lüge: ENOSYS" },
		.question = {
			"The kernel knows clone3 since Linux 5.3. The program calls it as a plain fork. "
			"Why does it hear \"function not implemented\"?",
			"Der Kernel kennt clone3 seit Linux 5.3. Das Programm ruft es wie ein "
			"schlichtes fork auf. Warum hört es «function not implemented»?",
		},
		.probes = "clone3 clone-user syscall-9999",
		.opened = "{ \"allow_nested_namespaces\": true }",
		.key = "allow_nested_namespaces",
		.open_answer = "OK",
		.hard_answer = "ENOSYS",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"The flags of clone3 lie in memory, where no filter can look, so it can "
				"only be allowed with all flags or not at all.",
				"Die Flags von clone3 liegen im Speicher, wo kein Filter hinschaut; man "
				"kann es nur mit allen Flags erlauben oder gar nicht.",
			},
			{
				"Through an open clone3 an attacker makes the namespaces that the "
				"filter refuses in clone.",
				"Durch ein offenes clone3 macht ein Angreifer die Namespaces, die der "
				"Filter bei clone ablehnt.",
			},
			{
				"With ENOSYS the C library believes that the kernel is old and takes "
				"clone, whose flags are a number that the filter checks.",
				"Mit ENOSYS glaubt die C-Bibliothek, auf einem alten Kernel zu sein, "
				"und nimmt clone, dessen Flags eine Zahl sind, die der Filter prüft.",
			},
		},
		.man = "clone(2), seccomp(2), errno(3)",
		.quiz = {
			.question = {
				"In 2021 programs with a new C library could not start threads under "
				"old container engines. What had happened?",
				"2021 konnten Programme mit neuer C-Bibliothek unter alten "
				"Container-Engines keine Threads starten. Was war geschehen?",
			},
			.choices = {
				{ {
					"The engine's filter answered EPERM for the unknown clone3, and "
					"the library only tries clone after ENOSYS.",
					"Der Filter der Engine antwortete auf das unbekannte clone3 mit "
					"EPERM, und die Bibliothek versucht clone nur nach ENOSYS.",
				}, true },
				{ {
					"The kernel had removed clone.",
					"Der Kernel hatte clone entfernt.",
				} },
				{ { "pids.max was too low.", "pids.max war zu tief." } },
			},
			.because = {
				"A refusal has to be one that the caller understands. That is why "
				"unknown calls are answered with ENOSYS here: programs then take the "
				"older way.",
				"Eine Ablehnung muss eine sein, die der Aufrufer versteht. Darum werden "
				"unbekannte Aufrufe hier mit ENOSYS beantwortet: Programme nehmen dann "
				"den älteren Weg.",
			},
		},
		.task = {
			.ask = {
				"A build tool makes namespaces with clone3. Write the line that opens "
				"it, flags and all.",
				"Ein Build-Werkzeug macht mit clone3 Namespaces. Schreiben Sie die "
				"Zeile, die das öffnet, samt allen Flags.",
			},
			.solution = "{ \"allow_nested_namespaces\": true }",
			.answer = "OK",
			.allowed = "allow_nested_namespaces",
		},
	},
	{ 0 },
};
/* clang-format on */
