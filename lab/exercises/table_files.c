/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files: what can be written, executed, opened and read by others. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_files[] = {
	{
		.id = "read-only-root",
		.title = { "A root that nobody can write", "Eine Wurzel, in die niemand schreibt" },
		.question = {
			"A program in the container tries to create a file, once in /tmp and once in /. "
			"What do you expect, with a tmpfs on /tmp and without?",
			"Ein Programm im Container will eine Datei anlegen, einmal in /tmp und einmal "
			"in /. Was erwarten Sie, mit einem tmpfs auf /tmp und ohne?",
		},
		.probes = "create-in-tmp create-in-root",
		.opened = "{ \"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", \"size\": \"2MiB\"}} }",
		.key = "mounts",
		.open_answer = "OK",
		.hard_answer = "EROFS|EACCES",
		.mechanism = {
			{
				"The root file system is mounted read-only, so the kernel refuses every "
				"change in it with EROFS, whatever the owner and the mode bits say.",
				"Das Root-Dateisystem ist read-only gemountet; der Kernel lehnt darin "
				"jede Änderung mit EROFS ab, egal was Eigentümer und Modusbits sagen.",
			},
			{
				"An attacker needs a writable place to leave a tool, to change a script "
				"that runs later, or to survive the next start.",
				"Ein Angreifer braucht einen beschreibbaren Ort, um ein Werkzeug "
				"abzulegen, ein später laufendes Skript zu ändern oder den nächsten "
				"Start zu überleben.",
			},
			{
				"What is left is each mount that the profile opens: even then / stays "
				"closed, and a tmpfs is empty again after the next start.",
				"Übrig bleibt jeder Mount, den das Profil öffnet: / bleibt auch dann "
				"zu, und ein tmpfs ist nach dem nächsten Start wieder leer.",
			},
		},
		.man = "mount(2), mount_setattr(2), tmpfs(5)",
		.quiz = {
			.question = {
				"A course note says: \"echo stderr >>2 writes to the error output\". "
				"What does this line do in a container with a read-only root?",
				"In einem Kursskript steht: «echo stderr >>2 schreibt auf die "
				"Fehlerausgabe». Was macht diese Zeile in einem Container mit read-only "
				"Wurzel?",
			},
			.choices = {
				{ {
					"It fails: the shell wants to create a file named 2.",
					"Sie scheitert: Die Shell will eine Datei namens 2 anlegen.",
				}, true },
				{ {
					"It writes to the error output.",
					"Sie schreibt auf die Fehlerausgabe.",
				} },
				{ {
					"Nothing at all: the redirection is ignored.",
					"Gar nichts: Die Umleitung wird ignoriert.",
				} },
			},
			.because = {
				"Without an ampersand, 2 is a file name; the error output is >&2. A "
				"writable root hides the mistake: a file named 2 appears, and nobody "
				"looks for it.",
				"Ohne & ist 2 ein Dateiname; die Fehlerausgabe heisst >&2. Eine "
				"beschreibbare Wurzel versteckt den Fehler: Es entsteht eine Datei 2, "
				"und niemand sucht sie.",
			},
		},
		.task = {
			.ask = {
				"The program keeps temporary files in /tmp, at most 1 MiB. Write the "
				"line that gives it this place and nothing else.",
				"Das Programm legt temporäre Dateien in /tmp ab, höchstens 1 MiB. "
				"Schreiben Sie die Zeile, die ihm diesen Ort gibt und sonst nichts.",
			},
			.solution = 
				"{ \"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", \"size\": \"1MiB\"}} }",
			.answer = "OK",
			.allowed = "mounts",
		},
	},
	{
		.id = "noexec",
		.title = { "Written is not executable", "Geschrieben heisst nicht ausführbar" },
		.question = {
			"The program may write to /tmp and may execute any program. It copies itself to "
			"/tmp and starts the copy. Does the copy run?",
			"Das Programm darf in /tmp schreiben und jedes Programm ausführen. Es kopiert "
			"sich nach /tmp und startet die Kopie. Läuft sie?",
		},
		.probes = "write-and-exec file-dual-map",
		.common = 
			"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@file-write\"]}, "
			"\"exec\": {\"allow\": [\"*\"]}, \"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", "
			"\"size\": \"2MiB\"}} }",
		.opened = "{ \"mounts\": {\"/tmp\": {\"exec\": true}} }",
		.key = "mounts.*.exec",
		.open_answer = "OK",
		.hard_answer = "EACCES|EPERM",
		.mechanism = {
			{
				"On a mount with noexec the kernel refuses to execute a file, and also "
				"to map it as executable memory.",
				"Auf einem Mount mit noexec weigert sich der Kernel, eine Datei "
				"auszuführen oder als ausführbaren Speicher zu mappen.",
			},
			{
				"The usual second step of an attack is to download a program to /tmp "
				"and to start it.",
				"Der übliche zweite Schritt eines Angriffs ist, ein Programm nach /tmp "
				"herunterzuladen und zu starten.",
			},
			{
				"An interpreter that the image has can still read a script from there, "
				"so noexec is worth more when the image has no interpreter.",
				"Ein Interpreter im Image kann ein Skript von dort weiterhin lesen; "
				"noexec nützt also mehr, wenn das Image keinen Interpreter hat.",
			},
		},
		.man = "mount(2), execve(2), mmap(2)",
		.quiz = {
			.question = {
				"/tmp is noexec, and the image has a shell. Why does \"sh /tmp/x.sh\" "
				"still work?",
				"/tmp ist noexec, und das Image hat eine Shell. Warum geht «sh "
				"/tmp/x.sh» trotzdem?",
			},
			.choices = {
				{ {
					"The kernel executes sh, which lies elsewhere; the script is "
					"only read.",
					"Der Kernel führt sh aus, das anderswo liegt; das Skript wird "
					"nur gelesen.",
				}, true },
				{ { "noexec counts for root only.", "noexec gilt nur für root." } },
				{ {
					"Files whose name ends in .sh are an exception.",
					"Dateien mit der Endung .sh sind eine Ausnahme.",
				} },
			},
			.because = {
				"noexec is checked on the file that is executed, and that is the shell. "
				"A first line like #!/bin/sh does not help: executing the script itself "
				"is refused.",
				"Geprüft wird die Datei, die ausgeführt wird, und das ist die Shell. "
				"Eine erste Zeile wie #!/bin/sh hilft nicht: Das Skript selbst "
				"auszuführen wird abgelehnt.",
			},
		},
		.task = {
			.ask = {
				"A plug-in host unpacks programs to /tmp and has to execute them there. "
				"Write the line that allows this on /tmp only.",
				"Ein Plug-in-Dienst entpackt Programme nach /tmp und muss sie dort "
				"ausführen. Schreiben Sie die Zeile, die das nur auf /tmp erlaubt.",
			},
			.solution = "{ \"mounts\": {\"/tmp\": {\"exec\": true}} }",
			.answer = "OK",
			.allowed = "mounts",
		},
	},
	{
		.id = "exec-once",
		.title = { "No shell for the attacker", "Keine Shell für den Angreifer" },
		.question = {
			"A taken-over service tries to start a second program of the image. Which "
			"answer does it get when the profile does not name that program?",
			"Ein übernommener Dienst will ein zweites Programm des Images starten. Welche "
			"Antwort erhält er, wenn das Profil dieses Programm nicht nennt?",
		},
		.probes = "exec-other",
		.opened = "{ \"exec\": {\"allow\": [\"/probe/other\"]} }",
		.key = "exec.allow",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp,NoNewPrivs",
		.mechanism = {
			{
				"The seccomp filter refuses execve and asks kapsel about execveat, "
				"which lets the one of the start through; with a list, execve is open "
				"and Landlock checks which file is executed.",
				"Der seccomp-Filter lehnt execve ab und fragt bei execveat kapsel, das "
				"genau jenes des Starts durchlässt; mit einer Liste ist execve offen, "
				"und Landlock prüft, welche Datei ausgeführt wird.",
			},
			{
				"Nearly every exploit ends in a shell, since with a shell all programs "
				"of the image become tools.",
				"Fast jeder Exploit endet in einer Shell, denn mit ihr werden alle "
				"Programme des Images zu Werkzeugen.",
			},
			{
				"What remains is the attacker's own code inside the process, and with "
				"dynamic programs on the list their loader ld.so, which can start each "
				"program of the image.",
				"Übrig bleibt eigener Code im Prozess, und stehen dynamische Programme "
				"auf der Liste, deren Loader ld.so, der jedes Programm des Images "
				"starten kann.",
			},
		},
		.man = "execveat(2), seccomp(2), landlock(7)",
		.quiz = {
			.question = {
				"A filter could compare the path in the argument of execve with a list. "
				"Why would that not be safe?",
				"Ein Filter könnte den Pfad im Argument von execve mit einer Liste "
				"vergleichen. Warum wäre das nicht sicher?",
			},
			.choices = {
				{ {
					"Paths may be longer than 4096 bytes.",
					"Pfade können länger als 4096 Bytes sein.",
				} },
				{ {
					"A seccomp filter sees only the pointer, and what it points to "
					"can change after the check.",
					"Ein seccomp-Filter sieht nur den Pointer, und was dort steht, "
					"kann sich nach der Prüfung ändern.",
				}, true },
				{ {
					"Filters run too late, after the program has started.",
					"Filter laufen zu spät, erst nach dem Start des Programms.",
				} },
			},
			.because = {
				"A filter gets numbers, not memory. A second thread could exchange the "
				"path between check and use, so the list is held by Landlock, which "
				"looks at the file that was really opened.",
				"Ein Filter erhält Zahlen, keinen Speicher. Ein zweiter Thread könnte "
				"den Pfad zwischen Prüfung und Gebrauch austauschen; deshalb hält "
				"Landlock die Liste, das die wirklich geöffnete Datei ansieht.",
			},
		},
		.task = {
			.ask = {
				"The service calls /probe/other as a helper. Allow this one program; "
				"\"*\" would work, too, but is not wanted.",
				"Der Dienst ruft /probe/other als Hilfsprogramm auf. Erlauben Sie "
				"dieses eine Programm; \"*\" ginge auch, ist aber nicht gewollt.",
			},
			.solution = "{ \"exec\": {\"allow\": [\"/probe/other\"]} }",
			.answer = "OK",
			.allowed = "exec.allow",
		},
	},
	{
		.id = "umask",
		.title = { "Files for everybody", "Dateien für alle" },
		.question = {
			"The program creates a file and asks for mode 0666: everybody may read and "
			"write. Which mode does the file get, with a umask of 0022 and by default?",
			"Das Programm legt eine Datei an und verlangt Modus 0666: Alle dürfen lesen und "
			"schreiben. Welchen Modus erhält sie, mit umask 0022 und im Standard?",
		},
		.probes = "file-for-others",
		.common = "{ \"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", \"size\": \"1MiB\"}} }",
		.opened = "{ \"umask\": \"0022\" }",
		.key = "umask",
		.open_answer = "OK",
		.hard_answer = "HELD",
		.evidence = "/proc/self/status:Umask",
		.mechanism = {
			{
				"The umask belongs to the process; each bit in it is taken away from "
				"the mode of every file and directory that it creates.",
				"Die umask gehört zum Prozess; jedes Bit darin wird dem Modus jeder "
				"Datei und jedes Verzeichnisses weggenommen, die er anlegt.",
			},
			{
				"Files that others can read hand keys, sessions and customer data to "
				"each other user and service of the machine.",
				"Dateien, die andere lesen dürfen, geben Schlüssel, Sitzungen und "
				"Kundendaten an jeden anderen Benutzer und Dienst der Maschine weiter.",
			},
			{
				"The program can still widen the mode on purpose with chmod, so umask "
				"protects against carelessness, not against intent.",
				"Mit chmod kann das Programm den Modus absichtlich erweitern; die umask "
				"schützt vor Unachtsamkeit, nicht vor Absicht.",
			},
		},
		.man = "umask(2), open(2)",
		.quiz = {
			.question = {
				"The umask is 0077 and a program creates a file with mode 0644. What "
				"does \"ls -l\" show?",
				"Die umask ist 0077, und ein Programm legt eine Datei mit Modus 0644 "
				"an. Was zeigt «ls -l»?",
			},
			.choices = {
				{ { "-rw-r--r--", "-rw-r--r--" } },
				{ { "-rwxrwxrwx", "-rwxrwxrwx" } },
				{ { "-rw-------", "-rw-------" }, true },
			},
			.because = {
				"0644 without the bits of 0077 is 0600. The umask only takes away: it "
				"never adds a bit.",
				"0644 ohne die Bits von 0077 ist 0600. Die umask nimmt nur weg: Sie "
				"fügt nie ein Bit hinzu.",
			},
		},
		.task = {
			.ask = {
				"A backup service with the same group reads what this program writes. "
				"It must not write, and all others must not even read. Write the line.",
				"Ein Backup-Dienst derselben Gruppe liest, was dieses Programm "
				"schreibt. Schreiben darf er nicht, alle anderen dürfen nicht einmal "
				"lesen. Schreiben Sie die Zeile.",
			},
			.solution = "{ \"umask\": \"0027\" }",
			.answer = "OK",
			.allowed = "umask",
		},
	},
	{
		.id = "secret-in-environment",
		.title = { "Secrets that betray themselves", "Verratene Geheimnisse" },
		.question = {
			"A password comes as an environment variable. Where can code that runs in the "
			"same process find it, without knowing its name?",
			"Ein Passwort kommt als Umgebungsvariable. Wo findet es Code, der im selben "
			"Prozess läuft, ohne den Namen zu kennen?",
		},
		.probes = "environ-secret",
		.opened = "{ \"env\": {\"DB_PASSWORD\": \"geheim\"} }",
		.key = "env",
		.open_answer = "OK",
		.hard_answer = "HELD",
		.mechanism = {
			{
				"The kernel puts the environment on the stack of the new program and "
				"shows it as /proc/PID/environ for as long as the process lives.",
				"Der Kernel legt die Umgebung auf den Stack des neuen Programms und "
				"zeigt sie als /proc/PID/environ, solange der Prozess lebt.",
			},
			{
				"One bug that reads files is then enough to get the password, and each "
				"child process and crash report inherits it.",
				"Ein Fehler, der Dateien lesen lässt, genügt dann für das Passwort, und "
				"jeder Kindprozess und Absturzbericht erbt es.",
			},
			{
				"A secret as a file in /run/secrets is read once and never inherited, "
				"but a program that was taken over can read that file, too.",
				"Ein Geheimnis als Datei in /run/secrets wird einmal gelesen und nie "
				"vererbt; ein übernommenes Programm kann aber auch diese Datei lesen.",
			},
		},
		.man = "environ(7), proc(5), execve(2)",
		.quiz = {
			.question = {
				"A program reads its password from the environment and then calls "
				"unsetenv. Is it gone?",
				"Ein Programm liest sein Passwort aus der Umgebung und ruft dann "
				"unsetenv auf. Ist es weg?",
			},
			.choices = {
				{ { "Yes, unsetenv deletes it.", "Ja, unsetenv löscht es." } },
				{ {
					"Yes, but only for child processes of root.",
					"Ja, aber nur für Kindprozesse von root.",
				} },
				{ {
					"No: the bytes stay on the stack, and /proc/self/environ still "
					"shows them.",
					"Nein: Die Bytes bleiben auf dem Stack, und /proc/self/environ "
					"zeigt sie weiterhin.",
				}, true },
			},
			.because = {
				"unsetenv changes the list of pointers in the program, so children no "
				"longer get the variable. What the kernel shows is the memory as it was "
				"at execve.",
				"unsetenv ändert die Liste der Pointer im Programm; Kinder erhalten die "
				"Variable nicht mehr. Der Kernel zeigt den Speicher, wie er bei execve "
				"war.",
			},
		},
		.task = {
			.ask = {
				"An old program knows no other way than DB_PASSWORD in its environment. "
				"Write the line, and say to yourself who can read it now.",
				"Ein altes Programm kennt keinen anderen Weg als DB_PASSWORD in der "
				"Umgebung. Schreiben Sie die Zeile, und überlegen Sie, wer sie nun "
				"lesen kann.",
			},
			.solution = "{ \"env\": {\"DB_PASSWORD\": \"geheim\"} }",
			.answer = "OK",
			.allowed = "env",
		},
	},
	{ 0 },
};
/* clang-format on */
