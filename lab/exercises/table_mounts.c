/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces and mounts that a workload would make itself. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_mounts[] = {
	{
		.id = "nested-namespaces",
		.title = { "A namespace in the namespace", "Ein Namespace im Namespace" },
		.question = {
			"Any user may make a user namespace and is root in it. What does the program "
			"gain when it does so inside the container?",
			"Jeder Benutzer darf einen user namespace machen und ist darin root. Was "
			"gewinnt das Programm, wenn es das im Container tut?",
		},
		.probes = "unshare-user clone-user clone-user-bit32 unshare-mount",
		.opened = "{ \"allow_nested_namespaces\": true }",
		.key = "allow_nested_namespaces",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp,CapEff",
		.mechanism = {
			{
				"The filter looks at the flags of unshare and clone and refuses those "
				"that make namespaces; the limit max_user_namespaces is 0 as well.",
				"Der Filter sieht die Flags von unshare und clone an und lehnt jene ab, "
				"die Namespaces machen; zudem ist die Grenze max_user_namespaces 0.",
			},
			{
				"In a new user namespace an attacker holds all capabilities, and many "
				"kernel bugs can be reached only with them.",
				"In einem neuen user namespace besitzt ein Angreifer alle Capabilities, "
				"und viele Kernel-Fehler sind nur damit erreichbar.",
			},
			{
				"What remains when it is opened is all that code of the kernel, so open "
				"it only for a program that builds a sandbox itself.",
				"Geöffnet bleibt all dieser Code des Kernels erreichbar; öffnen Sie ihn "
				"nur für ein Programm, das selbst eine Sandbox baut.",
			},
		},
		.man = "user_namespaces(7), unshare(2), clone(2)",
		.quiz = {
			.question = {
				"The third attempt sets a bit above the 32nd in clone's flags. What is "
				"the trick?",
				"Der dritte Versuch setzt in den Flags von clone ein Bit oberhalb des "
				"32. Was ist der Trick?",
			},
			.choices = {
				{ {
					"The bit switches the filter off.",
					"Das Bit schaltet den Filter aus.",
				} },
				{ {
					"The kernel cuts the flags to 32 bits, a careless filter "
					"compares 64 and does not recognise them.",
					"Der Kernel kürzt die Flags auf 32 Bits, ein unachtsamer Filter "
					"vergleicht 64 und erkennt sie nicht.",
				}, true },
				{ {
					"It makes the namespace invisible.",
					"Es macht den Namespace unsichtbar.",
				} },
			},
			.because = {
				"Filter and kernel must mean the same value. A filter therefore "
				"compares with a mask, only the bits that the kernel uses.",
				"Filter und Kernel müssen denselben Wert meinen. Ein Filter vergleicht "
				"darum mit einer Maske, nur die Bits, die der Kernel benützt.",
			},
		},
		.task = {
			.ask = {
				"A browser builds its own sandbox with user namespaces. Write the line "
				"that lets it.",
				"Ein Browser baut seine eigene Sandbox mit user namespaces. Schreiben "
				"Sie die Zeile, die das zulässt.",
			},
			.solution = "{ \"allow_nested_namespaces\": true }",
			.answer = "OK",
			.allowed = "allow_nested_namespaces",
		},
	},
	{
		.id = "chroot-escape",
		.title = { "Why chroot is no prison", "Warum chroot kein Gefängnis ist" },
		.question = {
			"The program may call chroot and tries the old way out: enter a directory "
			"below, keep the old root open, climb. What lies above?",
			"Das Programm darf chroot aufrufen und versucht den alten Ausweg: in ein "
			"Unterverzeichnis wechseln, die alte Wurzel offen halten, hochklettern. Was "
			"liegt darüber?",
		},
		.probes = "chroot-escape climb-above-root",
		.common = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"chroot\"]} }",
		.opened = "{ \"capabilities\": [\"SYS_CHROOT\"] }",
		.key = "capabilities",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:CapEff",
		.mechanism = {
			{
				"chroot only changes where a path begins: whoever has kept a directory "
				"outside open walks out with fchdir, and CAP_SYS_CHROOT is enough to "
				"arrange that.",
				"chroot ändert nur, wo ein Pfad beginnt: Wer ein Verzeichnis ausserhalb "
				"offen hält, geht mit fchdir hinaus, und CAP_SYS_CHROOT genügt, um das "
				"einzurichten.",
			},
			{
				"An attacker looks for the root of the host, where all files of all "
				"services lie.",
				"Ein Angreifer sucht die Wurzel des Hosts, wo alle Dateien aller "
				"Dienste liegen.",
			},
			{
				"kapsel makes the root with pivot_root and unmounts the old one, so "
				"even the attempt that works finds nothing above.",
				"kapsel macht die Wurzel mit pivot_root und hängt die alte aus; auch "
				"der gelungene Versuch findet darüber nichts.",
			},
		},
		.man = "chroot(2), pivot_root(2), mount_namespaces(7)",
		.quiz = {
			.question = {
				"What is the difference between chroot and pivot_root?",
				"Was ist der Unterschied zwischen chroot und pivot_root?",
			},
			.choices = {
				{ {
					"pivot_root is only a newer name.",
					"pivot_root ist nur ein neuerer Name.",
				} },
				{ {
					"chroot works for root only, pivot_root for all.",
					"chroot geht nur für root, pivot_root für alle.",
				} },
				{ {
					"chroot moves one process's starting point, pivot_root "
					"exchanges the root mount of the whole mount namespace.",
					"chroot verschiebt den Ausgangspunkt eines Prozesses, "
					"pivot_root tauscht den Root-Mount des ganzen mount namespace "
					"aus.",
				}, true },
			},
			.because = {
				"After pivot_root the old root can be unmounted. What is not mounted in "
				"the namespace has no path there, for nobody.",
				"Nach pivot_root lässt sich die alte Wurzel aushängen. Was im Namespace "
				"nicht gemountet ist, hat dort keinen Pfad, für niemanden.",
			},
		},
		.task = {
			.ask = {
				"An old FTP server calls chroot for each login. The call is allowed "
				"already; write the line that it still needs.",
				"Ein alter FTP-Server ruft bei jedem Login chroot auf. Der Aufruf ist "
				"schon erlaubt; schreiben Sie die Zeile, die noch fehlt.",
			},
			.solution = "{ \"capabilities\": [\"SYS_CHROOT\"] }",
			.answer = "OK",
			.allowed = "capabilities",
		},
	},
	{
		.id = "mount-blocked",
		.title = { "The last wall before mount", "Die letzte Mauer vor mount" },
		.question = {
			"The filter allows the calls for mounts. With CAP_SYS_ADMIN, can the program "
			"prepare a new file system? Can it mount one?",
			"Der Filter erlaubt die Aufrufe für Mounts. Kann das Programm mit CAP_SYS_ADMIN "
			"ein neues Dateisystem vorbereiten? Und eines mounten?",
		},
		.probes = "fsopen mount-tmpfs remount-root",
		.common = 
			"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"fsopen\", \"mount\", "
			"\"umount2\"]} }",
		.opened = "{ \"capabilities\": [\"SYS_ADMIN\"] }",
		.key = "capabilities",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:CapEff",
		.needs = EXERCISE_NEEDS_LANDLOCK,
		.mechanism = {
			{
				"Preparing a file system needs CAP_SYS_ADMIN only; attaching it changes "
				"the tree of mounts, and that a Landlock domain with file rules always "
				"forbids.",
				"Ein Dateisystem vorzubereiten braucht nur CAP_SYS_ADMIN; es "
				"einzuhängen ändert den Baum der Mounts, und das verbietet eine "
				"Landlock-Domäne mit Dateiregeln immer.",
			},
			{
				"Whoever may mount covers the masks of /proc, makes the root writable "
				"again, or hides a program under another.",
				"Wer mounten darf, deckt die Masken von /proc ab, macht die Wurzel "
				"wieder beschreibbar oder versteckt ein Programm unter einem anderen.",
			},
			{
				"Seccomp and capabilities were opened here and the wall still stands, "
				"which is the reason to build several.",
				"Seccomp und Capabilities waren hier offen, und die Mauer steht "
				"trotzdem; genau darum baut man mehrere.",
			},
		},
		.man = "mount(2), landlock(7), capabilities(7)",
		.quiz = {
			.question = {
				"What distinguishes Landlock from a seccomp filter?",
				"Was unterscheidet Landlock von einem seccomp-Filter?",
			},
			.choices = {
				{ {
					"Landlock decides about objects such as files and ports, "
					"seccomp about call numbers and arguments.",
					"Landlock entscheidet über Objekte wie Dateien und Ports, "
					"seccomp über Nummern und Argumente von Aufrufen.",
				}, true },
				{ {
					"Landlock works for root only.",
					"Landlock wirkt nur für root.",
				} },
				{ {
					"Landlock can be removed by the process itself, seccomp cannot.",
					"Landlock kann der Prozess selbst wieder entfernen, seccomp "
					"nicht.",
				} },
			},
			.because = {
				"Neither can be removed. Landlock follows the path in the kernel after "
				"it was resolved, where a filter would only see a pointer.",
				"Entfernen lässt sich keines. Landlock prüft im Kernel, nachdem der "
				"Pfad aufgelöst ist; ein Filter sähe nur einen Pointer.",
			},
		},
		.task = {
			.ask = {
				"A tool wants fsopen to test which file systems the kernel has; it "
				"never attaches one. Write the missing line.",
				"Ein Werkzeug prüft mit fsopen, welche Dateisysteme der Kernel hat; "
				"eingehängt wird nie. Schreiben Sie die fehlende Zeile.",
			},
			.solution = "{ \"capabilities\": [\"SYS_ADMIN\"] }",
			.answer = "OK",
			.allowed = "capabilities",
		},
	},
	{ 0 },
};
/* clang-format on */
