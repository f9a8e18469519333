/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who the workload is, and which processes it sees. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_identity[] = {
	{
		.id = "pid-namespace",
		.title = { "Who else is running here?", "Wer läuft hier noch?" },
		.question = {
			"The program knows the number of a process outside and sends it signal 0, which "
			"only asks whether it may. Which errno comes back: EPERM or ESRCH?",
			"Das Programm kennt die Nummer eines Prozesses ausserhalb und schickt ihm "
			"Signal 0, das nur fragt, ob es dürfte. Welches errno kommt zurück: EPERM oder "
			"ESRCH?",
		},
		.probes = "kill-host-pid",
		.common = "{ \"proc\": \"none\" }",
		.opened = "{ \"share_host\": [\"pid\"] }",
		.key = "share_host",
		.open_answer = "EPERM|OK",
		.hard_answer = "ESRCH",
		.needs = EXERCISE_NEEDS_ROOT,
		.mechanism = {
			{
				"In its own pid namespace the kernel looks a number up in the table of "
				"that namespace only, so processes outside have no number at all.",
				"In einem eigenen pid namespace sucht der Kernel eine Nummer nur in der "
				"Tabelle dieses Namespace; Prozesse ausserhalb haben gar keine Nummer.",
			},
			{
				"With numbers an attacker finds out what else runs, signals it, or "
				"attaches to it.",
				"Mit Nummern findet ein Angreifer heraus, was sonst noch läuft, schickt "
				"Signale oder hängt sich an.",
			},
			{
				"ESRCH tells nothing, while EPERM already tells that the process "
				"exists; other user ids and Landlock still protect it then.",
				"ESRCH verrät nichts, EPERM dagegen schon, dass es den Prozess gibt; "
				"dann schützen ihn noch die fremde User-ID und Landlock.",
			},
		},
		.man = "pid_namespaces(7), kill(2)",
		.quiz = {
			.question = {
				"Inside, ps shows the service as process 1 or 2. Which number does it "
				"have on the host?",
				"Im Container zeigt ps den Dienst als Prozess 1 oder 2. Welche Nummer "
				"hat er auf dem Host?",
			},
			.choices = {
				{ { "The same.", "Die gleiche." } },
				{ {
					"None: the host does not see it.",
					"Keine: Der Host sieht ihn nicht.",
				} },
				{ {
					"Another one: it has a number in its own namespace and in each "
					"one above.",
					"Eine andere: Er hat eine Nummer im eigenen Namespace und in "
					"jedem darüber.",
				}, true },
			},
			.because = {
				"Pid namespaces are nested. From above all processes can be seen, from "
				"below only the own ones; NSpid in /proc/PID/status lists all numbers.",
				"Pid namespaces sind verschachtelt. Von oben sieht man alle Prozesse, "
				"von unten nur die eigenen; NSpid in /proc/PID/status führt alle "
				"Nummern auf.",
			},
		},
		.task = {
			.ask = {
				"A monitoring agent has to see the processes of the host. Write the "
				"line that shares this one namespace.",
				"Ein Monitoring-Agent muss die Prozesse des Hosts sehen. Schreiben Sie "
				"die Zeile, die genau diesen Namespace teilt.",
			},
			.solution = "{ \"share_host\": [\"pid\"] }",
			.answer = "EPERM|OK",
			.allowed = "share_host",
		},
	},
	{
		.id = "ptrace",
		.title = { "No debugger for the attacker", "Kein Debugger für den Angreifer" },
		.question = {
			"A process wants to attach to its own child, as a debugger does. In which run "
			"may it? May it attach to process 1 then, too?",
			"Ein Prozess will sich an sein eigenes Kind hängen, wie ein Debugger. In "
			"welchem Lauf darf er? Darf er sich dann auch an Prozess 1 hängen?",
		},
		.probes = "ptrace-child ptrace-init vm-readv-own",
		.opened = "{ \"allow_ptrace\": true }",
		.key = "allow_ptrace",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp,TracerPid",
		.mechanism = {
			{
				"ptrace and process_vm_readv read and write the memory of another "
				"process of the same user; the filter refuses both.",
				"ptrace und process_vm_readv lesen und schreiben den Speicher eines "
				"anderen Prozesses desselben Benutzers; der Filter lehnt beide ab.",
			},
			{
				"From one process that was taken over an attacker gets into its "
				"neighbours, where keys and passwords are.",
				"Aus einem übernommenen Prozess gelangt ein Angreifer in dessen "
				"Nachbarn, wo Schlüssel und Passwörter liegen.",
			},
			{
				"Opened, process 1 still is out of reach, since it is not dumpable and "
				"belongs to the launcher's part of the container.",
				"Auch geöffnet bleibt Prozess 1 unerreichbar, denn er ist nicht "
				"dumpable und gehört zum Teil des Launchers im Container.",
			},
		},
		.man = "ptrace(2), process_vm_readv(2), prctl(2)",
		.quiz = {
			.question = {
				"Two processes run as the same user. What may one do to the other "
				"without any special restriction?",
				"Zwei Prozesse laufen als derselbe Benutzer. Was darf einer dem anderen "
				"ohne besondere Einschränkung antun?",
			},
			.choices = {
				{ {
					"Nothing, processes are isolated.",
					"Nichts, Prozesse sind getrennt.",
				} },
				{ {
					"Send signals, but not read memory.",
					"Signale senden, aber keinen Speicher lesen.",
				} },
				{ {
					"Nearly everything: signals, memory, open files.",
					"Fast alles: Signale, Speicher, offene Dateien.",
				}, true },
			},
			.because = {
				"The user id is the old border between processes. Within it the kernel "
				"stops only what ptrace rules such as yama or not being dumpable "
				"forbid.",
				"Die User-ID ist die alte Grenze zwischen Prozessen. Innerhalb stoppt "
				"der Kernel nur, was ptrace-Regeln wie Yama oder «nicht dumpable» "
				"verbieten.",
			},
		},
		.task = {
			.ask = {
				"You want to use strace in a test container. Write the line.",
				"Sie wollen in einem Testcontainer strace benützen. Schreiben Sie die "
				"Zeile.",
			},
			.solution = "{ \"allow_ptrace\": true }",
			.answer = "OK",
			.allowed = "allow_ptrace",
		},
	},
	{
		.id = "user-namespace",
		.title = { "Root has to exist first", "Root muss es erst geben" },
		.question = {
			"The program holds CAP_SETUID and calls setresuid(0, 0, 0) to become root. When "
			"does it work, and which root would it be?",
			"Das Programm besitzt CAP_SETUID und ruft setresuid(0, 0, 0) auf, um root zu "
			"werden. Wann geht das, und welcher root wäre es?",
		},
		.probes = "setresuid-root",
		.common = 
			"{ \"user\": {\"uid\": 1000, \"gid\": 1000}, \"capabilities\": [\"SETUID\"], "
			"\"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@identity\"]} }",
		.opened = "{ \"user\": {\"host_range\": 65536} }",
		.key = "user.host_range",
		.open_answer = "OK",
		.hard_answer = "EINVAL",
		.evidence = "/proc/self/uid_map /proc/self/gid_map",
		.needs = EXERCISE_NEEDS_ROOT,
		.mechanism = {
			{
				"A user namespace maps ids inside to ids of the host, and an id without "
				"a line in uid_map does not exist there: the kernel answers EINVAL.",
				"Ein user namespace bildet IDs innen auf IDs des Hosts ab, und eine ID "
				"ohne Zeile in uid_map gibt es dort nicht: Der Kernel antwortet EINVAL.",
			},
			{
				"Id 0 is what attackers want, since files of root open and many "
				"programs trust it.",
				"ID 0 ist, was Angreifer wollen: Dateien von root gehen auf, und viele "
				"Programme vertrauen ihr.",
			},
			{
				"Even with a wide map the root inside is an unprivileged id on the "
				"host, as the second column of uid_map shows.",
				"Auch mit einer breiten Abbildung ist root innen auf dem Host eine ID "
				"ohne Rechte, wie die zweite Spalte von uid_map zeigt.",
			},
		},
		.man = "user_namespaces(7), setresuid(2)",
		.quiz = {
			.question = {
				"\"id -u\" in a container prints 65534, and uid_map reads \"65534 0 "
				"1\". What may the process do with /etc/shadow of the host, if that "
				"file is mounted?",
				"«id -u» im Container zeigt 65534, und in uid_map steht «65534 0 1». "
				"Was darf der Prozess mit /etc/shadow des Hosts, wenn diese Datei "
				"gemountet ist?",
			},
			.choices = {
				{ {
					"Read it: on the host he is uid 0.",
					"Lesen: Auf dem Host ist er uid 0.",
				}, true },
				{ { "Nothing: 65534 is nobody.", "Nichts: 65534 ist nobody." } },
				{ { "Only see that it exists.", "Nur sehen, dass es sie gibt." } },
			},
			.because = {
				"The number inside says nothing about the rights outside. For files of "
				"the host the second column of uid_map counts, and there stands 0; "
				"kapsel never maps it.",
				"Die Zahl innen sagt nichts über die Rechte aussen. Für Dateien des "
				"Hosts zählt die zweite Spalte von uid_map, und dort steht 0; kapsel "
				"bildet nie darauf ab.",
			},
		},
		.task = {
			.ask = {
				"A mail server starts as root inside and changes to other users. Give "
				"it ids from 0 to 65535, without a right on the host.",
				"Ein Mailserver startet innen als root und wechselt zu anderen "
				"Benutzern. Geben Sie ihm die IDs 0 bis 65535, ohne Recht auf dem Host.",
			},
			.solution = "{ \"user\": {\"host_range\": 65536} }",
			.answer = "OK",
			.allowed = "user.host_range",
		},
	},
	{
		.id = "setuid-program",
		.title = { "setuid without effect", "setuid ohne Wirkung" },
		.question = {
			"The image has a program with the setuid bit, owned by the root of the "
			"container. What does it run as when it is started?",
			"Das Image enthält ein Programm mit setuid-Bit, das dem root des Containers "
			"gehört. Als wer läuft es, wenn man es startet?",
		},
		.probes = "setuid-program",
		.common = 
			"{ \"user\": {\"uid\": 1000, \"gid\": 1000, \"host_id\": 700000, "
			"\"host_range\": 65536}, \"exec\": {\"allow\": [\"*\"]} }",
		.opened = "{ \"allow_setuid\": true }",
		.key = "allow_setuid",
		.open_answer = "OK",
		.hard_answer = "HELD|EPERM",
		.evidence = "/proc/self/status:NoNewPrivs,Uid,CapBnd",
		.needs = EXERCISE_NEEDS_ROOT,
		.mechanism = {
			{
				"With no_new_privs the kernel ignores the setuid bit and file "
				"capabilities at execve, and on a nosuid mount it does so, too.",
				"Mit no_new_privs ignoriert der Kernel bei execve das setuid-Bit und "
				"File Capabilities, und auf einem nosuid-Mount ebenso.",
			},
			{
				"A bug in one setuid program such as su or mount has often been the "
				"whole way from a user to root.",
				"Ein Fehler in einem einzigen setuid-Programm wie su oder mount war "
				"schon oft der ganze Weg vom Benutzer zu root.",
			},
			{
				"The program still runs, with the rights of its caller, and "
				"no_new_privs can never be cleared again.",
				"Das Programm läuft weiterhin, aber mit den Rechten des Aufrufers, und "
				"no_new_privs lässt sich nie mehr löschen.",
			},
		},
		.man = "prctl(2), execve(2), mount(2)",
		.quiz = {
			.question = {
				"Hardening guides say: remove the setuid bits from the image. Is that "
				"still of use with no_new_privs?",
				"Anleitungen raten: Entfernen Sie die setuid-Bits aus dem Image. Nützt "
				"das mit no_new_privs noch etwas?",
			},
			.choices = {
				{ {
					"No, it breaks the image.",
					"Nein, es macht das Image kaputt.",
				} },
				{ {
					"It is a second layer: it still holds where the image is "
					"started without no_new_privs.",
					"Es ist eine zweite Schicht: Sie hält auch dort, wo das Image "
					"ohne no_new_privs gestartet wird.",
				}, true },
				{ {
					"Yes, no_new_privs only works when there are no such files.",
					"Ja, no_new_privs wirkt nur, wenn es keine solchen Dateien "
					"gibt.",
				} },
			},
			.because = {
				"no_new_privs belongs to the process, the bit to the file. Whoever "
				"starts the same image with another tool has only what the files say.",
				"no_new_privs gehört zum Prozess, das Bit zur Datei. Wer dasselbe Image "
				"mit einem anderen Werkzeug startet, hat nur, was die Dateien sagen.",
			},
		},
		.task = {
			.ask = {
				"An old program cannot do without its setuid helper. Write the line "
				"that makes setuid files work again.",
				"Ein altes Programm kommt ohne sein setuid-Hilfsprogramm nicht aus. "
				"Schreiben Sie die Zeile, mit der setuid-Dateien wieder wirken.",
			},
			.solution = "{ \"allow_setuid\": true }",
			.answer = "OK",
			.allowed = "allow_setuid",
		},
	},
	{ 0 },
};
/* clang-format on */
