/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces of the kernel that few workloads need. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_kernel[] = {
	{
		.id = "io-uring",
		.title = { "io_uring: calls without calls", "io_uring: Aufrufe ohne Aufrufe" },
		.question = {
			"io_uring lets a program hand work to the kernel through shared memory. What "
			"does a system call filter see of that work?",
			"Mit io_uring übergibt ein Programm dem Kernel Arbeit über geteilten Speicher. "
			"Was sieht ein Systemaufruf-Filter von dieser Arbeit?",
		},
		.probes = "io-uring",
		.common = "{ \"limits\": {\"locked_memory\": \"64KiB\"} }",
		.opened = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"io_uring_setup\"]} }",
		.key = "syscalls.allow",
		.open_answer = "OK|ENOMEM|EPERM",
		.hard_answer = "ENOSYS",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"The filter is asked when the ring is made, and no more for the reads, "
				"writes and connections that run through it.",
				"Der Filter wird gefragt, wenn der Ring entsteht, aber nicht mehr für "
				"die Lese-, Schreib- und Verbindungsaufträge, die hindurchlaufen.",
			},
			{
				"An attacker gets past the filter and reaches young, complicated kernel "
				"code that has had many exploitable bugs.",
				"Ein Angreifer kommt am Filter vorbei und an jungen, komplizierten "
				"Kernel-Code mit vielen ausnutzbaren Fehlern.",
			},
			{
				"Files, Landlock and namespaces still count for what is done through a "
				"ring: only seccomp is bypassed.",
				"Dateirechte, Landlock und Namespaces gelten auch für Arbeit durch "
				"einen Ring: Umgangen wird nur seccomp.",
			},
		},
		.man = "io_uring(7), io_uring_setup(2), seccomp(2)",
		.quiz = {
			.question = {
				"Why is the answer ENOSYS here and not EPERM?",
				"Warum ist die Antwort hier ENOSYS und nicht EPERM?",
			},
			.choices = {
				{ {
					"Libraries take it for an old kernel and fall back to epoll, so "
					"programs go on working.",
					"Bibliotheken halten das für einen alten Kernel und weichen auf "
					"epoll aus; Programme laufen weiter.",
				}, true },
				{ {
					"Because this kernel was built without io_uring.",
					"Weil dieser Kernel ohne io_uring gebaut ist.",
				} },
				{ { "EPERM is for files only.", "EPERM gibt es nur bei Dateien." } },
			},
			.because = {
				"A refusal should lead a program to the way it already knows. With the "
				"call opened the ring is there at once, on the same kernel.",
				"Eine Ablehnung soll ein Programm auf einen Weg führen, den es schon "
				"kennt. Mit geöffnetem Aufruf ist der Ring sofort da, auf demselben "
				"Kernel.",
			},
		},
		.task = {
			.ask = {
				"A database insists on io_uring. Write the line that opens the making "
				"of a ring.",
				"Eine Datenbank besteht auf io_uring. Schreiben Sie die Zeile, die das "
				"Anlegen eines Rings öffnet.",
			},
			.solution = 
				"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", "
				"\"io_uring_setup\"]} }",
			.answer = "OK|ENOMEM|EPERM",
			.allowed = "syscalls.allow",
		},
	},
	{
		.id = "userfaultfd",
		.title = { "Stopping the kernel in mid-copy", "Den Kernel mitten im Kopieren anhalten" },
		.question = {
			"With userfaultfd a program handles page faults itself. What can an attacker do "
			"with the moment in which the kernel waits for him?",
			"Mit userfaultfd behandelt ein Programm Page Faults selbst. Was fängt ein "
			"Angreifer mit dem Moment an, in dem der Kernel auf ihn wartet?",
		},
		.probes = "userfaultfd-user userfaultfd",
		.opened = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"userfaultfd\"]} }",
		.key = "syscalls.allow",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"The kernel stops whoever touches a missing page until the program has "
				"filled it, and it stops itself when it was the one who touched it.",
				"Der Kernel hält an, wer eine fehlende Seite berührt, bis das Programm "
				"sie gefüllt hat, auch sich selbst, wenn er sie berührt.",
			},
			{
				"Races that last nanoseconds become as long as the attacker wants, so "
				"that an unlikely exploit becomes a sure one.",
				"Races von Nanosekunden dauern so lange, wie der Angreifer will; aus "
				"einem unwahrscheinlichen Exploit wird ein sicherer.",
			},
			{
				"Opened, a program without rights only gets the form for faults of user "
				"mode by default (vm.unprivileged_userfaultfd), which cannot stop the "
				"kernel.",
				"Geöffnet erhält ein Programm ohne Rechte im Standard "
				"(vm.unprivileged_userfaultfd) nur die Form für Faults im User Mode, "
				"die den Kernel nicht anhalten kann.",
			},
		},
		.man = "userfaultfd(2), ioctl_userfaultfd(2)",
		.quiz = {
			.question = {
				"Who needs userfaultfd for honest work?",
				"Wer braucht userfaultfd für ehrliche Arbeit?",
			},
			.choices = {
				{ { "Every web server.", "Jeder Webserver." } },
				{ {
					"Live migration of virtual machines, and some garbage "
					"collectors.",
					"Live-Migration virtueller Maschinen und manche Garbage "
					"Collectors.",
				}, true },
				{ { "Nobody.", "Niemand." } },
			},
			.because = {
				"A call that few need and many exploits use belongs behind a line of "
				"its own. That is the whole idea of a list of what is open.",
				"Ein Aufruf, den wenige brauchen und viele Exploits benützen, gehört "
				"hinter eine eigene Zeile. Das ist die Idee einer Liste des Offenen.",
			},
		},
		.task = {
			.ask = {
				"You run a virtual machine monitor that migrates guests. Write the "
				"line.",
				"Sie betreiben einen Virtual Machine Monitor, der Gäste migriert. "
				"Schreiben Sie die Zeile.",
			},
			.solution = 
				"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", "
				"\"userfaultfd\"]} }",
			.answer = "OK",
			.allowed = "syscalls.allow",
		},
	},
	{
		.id = "file-handle",
		.title = { "A file without a path", "Eine Datei ohne Pfad" },
		.question = {
			"A file handle names an inode of the file system instead of a path. What is a "
			"mount namespace worth against it?",
			"Ein file handle benennt eine inode des Dateisystems statt eines Pfads. Was "
			"nützt ein mount namespace dagegen?",
		},
		.probes = "name-to-handle open-by-handle",
		.opened = 
			"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"name_to_handle_at\"]} "
			"}",
		.key = "syscalls.allow",
		.open_answer = "OK",
		.hard_answer = "ENOSYS",
		.evidence = "/proc/self/status:CapEff",
		.mechanism = {
			{
				"open_by_handle_at opens an inode directly, past all directories, which "
				"is why it needs CAP_DAC_READ_SEARCH outside of every container.",
				"open_by_handle_at öffnet eine inode direkt, an allen Verzeichnissen "
				"vorbei; darum verlangt es CAP_DAC_READ_SEARCH ausserhalb aller "
				"Container.",
			},
			{
				"In 2014 an exploit named shocker guessed the handle of the root of the "
				"host and read its /etc/shadow out of a container.",
				"2014 erriet ein Exploit namens shocker das handle der Wurzel des Hosts "
				"und las aus einem Container dessen /etc/shadow.",
			},
			{
				"Opened, only the harmless half works: handles can be made, but opening "
				"one stays refused, by the filter and by the capability.",
				"Geöffnet geht nur die harmlose Hälfte: handles bilden, aber keines "
				"öffnen; das verhindern weiterhin Filter und Capability.",
			},
		},
		.man = "open_by_handle_at(2), capabilities(7)",
		.quiz = {
			.question = { "What made shocker possible?", "Was machte shocker möglich?" },
			.choices = {
				{ { "A bug in the kernel.", "Ein Fehler im Kernel." } },
				{ { "A weak password.", "Ein schwaches Passwort." } },
				{ {
					"The container held CAP_DAC_READ_SEARCH without a user "
					"namespace, and its files lay on the file system of the host.",
					"Der Container besass CAP_DAC_READ_SEARCH ohne user namespace, "
					"und seine Dateien lagen auf dem Dateisystem des Hosts.",
				}, true },
			},
			.because = {
				"Nothing was broken: the kernel did what the capability allows. A list "
				"of capabilities to drop had missed one; a list of those to keep would "
				"not have.",
				"Nichts war kaputt: Der Kernel tat, was die Capability erlaubt. Eine "
				"Liste der zu entfernenden hatte eine vergessen; eine Liste der "
				"erlaubten hätte das nicht.",
			},
		},
		.task = {
			.ask = {
				"A backup program compares handles to recognise hard links. It never "
				"opens one. Write the line.",
				"Ein Backup-Programm vergleicht handles, um harte Links zu erkennen. Es "
				"öffnet nie eines. Schreiben Sie die Zeile.",
			},
			.solution = 
				"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", "
				"\"name_to_handle_at\"]} }",
			.answer = "OK",
			.allowed = "syscalls.allow",
		},
	},
	{
		.id = "proc-system-files",
		.title = { "What /proc tells about the machine", "Was /proc über die Maschine erzählt" },
		.question = {
			"/proc shows more than processes. Can the program read the kernel's command "
			"line? Can it open core_pattern for writing?",
			"/proc zeigt mehr als Prozesse. Kann das Programm die Kommandozeile des Kernels "
			"lesen? Kann es core_pattern zum Schreiben öffnen?",
		},
		.probes = "proc-cmdline sys-core-pattern init-environ",
		.opened = "{ \"proc\": \"full\" }",
		.key = "proc",
		.open_answer = "OK",
		.hard_answer = "ENOENT",
		.mechanism = {
			{
				"With the mount option subset=pid, since Linux 5.8, /proc contains "
				"directories of processes and nothing about the system.",
				"Mit der Mount-Option subset=pid, seit Linux 5.8, enthält /proc "
				"Verzeichnisse von Prozessen und nichts über das System.",
			},
			{
				"An attacker reads there which kernel bugs fit; and a program written "
				"into core_pattern runs on the host, as root, after a crash.",
				"Ein Angreifer liest dort, welche Kernel-Fehler passen; und ein in "
				"core_pattern geschriebenes Programm läuft nach einem Absturz auf dem "
				"Host, als root.",
			},
			{
				"Even with \"full\" the dangerous files are masked or read-only, and "
				"the environment of process 1 stays hidden by hidepid.",
				"Auch mit \"full\" sind die gefährlichen Dateien maskiert oder "
				"read-only, und die Umgebung von Prozess 1 bleibt durch hidepid "
				"verborgen.",
			},
		},
		.man = "proc(5), core(5)",
		.quiz = {
			.question = {
				"core_pattern begins with \"|/usr/lib/x\". Who executes x when a "
				"process in a container crashes?",
				"core_pattern beginnt mit «|/usr/lib/x». Wer führt x aus, wenn ein "
				"Prozess im Container abstürzt?",
			},
			.choices = {
				{ {
					"The process itself, before it ends.",
					"Der Prozess selbst, bevor er endet.",
				} },
				{ {
					"The init of the container, inside.",
					"Der init des Containers, innen.",
				} },
				{ {
					"The kernel, as root, in the namespaces of the host.",
					"Der Kernel, als root, in den Namespaces des Hosts.",
				}, true },
			},
			.because = {
				"core_pattern exists once for the machine. That is why it must not be "
				"writable inside, and why containers should not dump core.",
				"core_pattern gibt es einmal für die ganze Maschine. Darum darf es "
				"innen nicht beschreibbar sein, und darum sollen Container keine Core "
				"Dumps machen.",
			},
		},
		.task = {
			.ask = {
				"A tool reads /proc/meminfo, which the default hides. Write the line.",
				"Ein Werkzeug liest /proc/meminfo, das der Standard verbirgt. Schreiben "
				"Sie die Zeile.",
			},
			.solution = "{ \"proc\": \"full\" }",
			.answer = "OK",
			.allowed = "proc",
		},
	},
	{
		.id = "device",
		.title = { "A device is a door to a driver", "Ein Gerät ist eine Tür zum Treiber" },
		.question = {
			"/dev in the container has null, zero, full, random and urandom. What happens "
			"when the profile adds /dev/kmsg, the log of the kernel?",
			"/dev im Container hat null, zero, full, random und urandom. Was geschieht, "
			"wenn das Profil /dev/kmsg dazunimmt, das Log des Kernels?",
		},
		.probes = "dev-kmsg dev-mem mknod-mem",
		.opened = "{ \"devices\": {\"/dev/kmsg\": \"r\"} }",
		.key = "devices",
		.open_answer = "OK|EPERM|EACCES",
		.hard_answer = "ENOENT",
		.mechanism = {
			{
				"The nodes in /dev are there one by one, and a BPF program on the "
				"cgroup decides which device may be opened, by number and access.",
				"Die Nodes in /dev stehen einzeln da, und ein BPF-Programm an der "
				"cgroup entscheidet nach Nummer und Zugriffsart, welches Gerät aufgeht.",
			},
			{
				"Behind a disk device lie the files of the host, behind /dev/mem its "
				"memory, and each driver is kernel code that an attacker can feed.",
				"Hinter einem Festplattengerät liegen die Dateien des Hosts, hinter "
				"/dev/mem sein Speicher, und jeder Treiber ist Kernel-Code, den ein "
				"Angreifer füttern kann.",
			},
			{
				"The node is now there, and what is said then is the last word of the "
				"file's mode and of the kernel itself (kernel.dmesg_restrict).",
				"Der Node ist nun da, und das letzte Wort haben der Modus der Datei und "
				"der Kernel selbst (kernel.dmesg_restrict).",
			},
		},
		.man = "mknod(2), bpf(2), syslog(2)",
		.quiz = {
			.question = {
				"The image contains a device node for the disk, made with mknod. Why "
				"does the program not get the disk?",
				"Das Image enthält einen mit mknod gemachten Node für die Festplatte. "
				"Warum kommt das Programm nicht an die Festplatte?",
			},
			.choices = {
				{ {
					"The root is mounted nodev, and the device filter does not know "
					"the number.",
					"Die Wurzel ist nodev gemountet, und der Gerätefilter kennt die "
					"Nummer nicht.",
				}, true },
				{ {
					"Images cannot contain device nodes.",
					"Images können keine Nodes enthalten.",
				} },
				{ { "The node belongs to root.", "Der Node gehört root." } },
			},
			.because = {
				"A node is only a number with a name. On a nodev mount the kernel does "
				"not follow it, and without that the device filter would still refuse.",
				"Ein Node ist nur eine Nummer mit einem Namen. Auf einem nodev-Mount "
				"folgt ihr der Kernel nicht, und sonst würde der Gerätefilter ablehnen.",
			},
		},
		.task = {
			.ask = {
				"A log collector reads the messages of the kernel. Give it this one "
				"device, for reading only.",
				"Ein Log-Sammler liest die Meldungen des Kernels. Geben Sie ihm dieses "
				"eine Gerät, nur zum Lesen.",
			},
			.solution = "{ \"devices\": {\"/dev/kmsg\": \"r\"} }",
			.answer = "OK|EPERM|EACCES",
			.allowed = "devices",
		},
	},
	{ 0 },
};
/* clang-format on */
