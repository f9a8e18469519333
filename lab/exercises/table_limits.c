/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of the container and of its file systems. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_limits[] = {
	{
		.id = "memory",
		.title = { "The brake for memory", "Die Bremse für den Speicher" },
		.question = {
			"The program wants 160 MiB and writes to every page. What happens at 64 MiB, "
			"the default, and who is hit?",
			"Das Programm will 160 MiB und beschreibt jede Seite. Was geschieht bei 64 MiB, "
			"dem Standard, und wen trifft es?",
		},
		.probes = "memory-hog",
		.opened = "{ \"limits\": {\"memory\": \"256MiB\"} }",
		.key = "limits.memory",
		.open_answer = "OK",
		.hard_answer = "SIGKILL",
		.needs = EXERCISE_NEEDS_MEMORY,
		.mechanism = {
			{
				"The cgroup counts every page of its processes, and at memory.max, when "
				"nothing can be reclaimed, the OOM killer ends all of them together.",
				"Die cgroup zählt jede Seite ihrer Prozesse; bei memory.max, wenn sich "
				"nichts mehr zurückholen lässt, beendet der OOM-Killer alle zusammen.",
			},
			{
				"Without a limit one service that leaks or is fed on purpose takes the "
				"memory of all others, and the kernel ends whichever is largest.",
				"Ohne Grenze nimmt ein Dienst mit Leck oder unter Angriff allen anderen "
				"den Speicher, und der Kernel beendet, wer gerade am grössten ist.",
			},
			{
				"The service itself still can be ended this way; that is an outage of "
				"one, with a message that names the limit, and restart brings it back.",
				"Den Dienst selbst kann man so weiterhin beenden; das ist der Ausfall "
				"eines einzigen, mit einer Meldung, die die Grenze nennt, und restart "
				"bringt ihn zurück.",
			},
		},
		.man = "cgroups(7)",
		.quiz = {
			.question = {
				"docker run -m 128m --memory-swap 128m: how much swap may the container "
				"use?",
				"docker run -m 128m --memory-swap 128m: Wie viel Swap darf der "
				"Container benützen?",
			},
			.choices = {
				{ { "128 MiB", "128 MiB" } },
				{ {
					"None: --memory-swap is the sum of memory and swap.",
					"Keinen: --memory-swap ist die Summe aus Speicher und Swap.",
				}, true },
				{ { "As much as the host has.", "So viel, wie der Host hat." } },
			},
			.because = {
				"Here \"memory\" and \"swap\" are two keys with a meaning each, as "
				"memory.max and memory.swap.max are in the kernel. Swap is 0 by "
				"default.",
				"Hier sind \"memory\" und \"swap\" zwei Schlüssel mit je einer "
				"Bedeutung, wie memory.max und memory.swap.max im Kernel. Swap ist im "
				"Standard 0.",
			},
		},
		.task = {
			.ask = {
				"The program really needs about 160 MiB. Write a line that gives it "
				"this and a reserve.",
				"Das Programm braucht wirklich rund 160 MiB. Schreiben Sie eine Zeile, "
				"die ihm das und eine Reserve gibt.",
			},
			.solution = "{ \"limits\": {\"memory\": \"192MiB\"} }",
			.answer = "OK",
			.allowed = "limits.memory",
		},
	},
	{
		.id = "fork-bomb",
		.title = { "A fork bomb, tamed", "Eine zahme Fork-Bombe" },
		.question = {
			"The program makes child after child, up to 200. How many will there be under "
			"the default of 16 processes?",
			"Das Programm macht Kind um Kind, bis 200. Wie viele werden es beim Standard "
			"von 16 Prozessen?",
		},
		.probes = "fork-bomb",
		.opened = "{ \"limits\": {\"pids\": 256} }",
		.key = "limits.pids",
		.open_answer = "OK",
		.hard_answer = "EAGAIN",
		.evidence = "/proc/self/status:Threads",
		.needs = EXERCISE_NEEDS_PIDS,
		.mechanism = {
			{
				"The cgroup counts processes and threads, and at pids.max each further "
				"fork and clone fails with EAGAIN.",
				"Die cgroup zählt Prozesse und Threads; bei pids.max scheitert jedes "
				"weitere fork und clone mit EAGAIN.",
			},
			{
				"A fork bomb is one line of shell, and without a limit the machine has "
				"no process left for the administrator who wants to stop it.",
				"Eine Fork-Bombe ist eine Zeile Shell, und ohne Grenze hat die Maschine "
				"keinen Prozess mehr frei für den Administrator, der sie stoppen will.",
			},
			{
				"The container can still use up its own sixteen, so its own service may "
				"fail, but nobody else notices.",
				"Der Container kann seine eigenen sechzehn weiterhin verbrauchen und "
				"den eigenen Dienst lähmen, aber niemand sonst merkt es.",
			},
		},
		.man = "cgroups(7), fork(2), getrlimit(2)",
		.quiz = {
			.question = {
				"\"ulimit -u 16\" also limits processes. Why is it the wrong tool for "
				"containers?",
				"Auch «ulimit -u 16» begrenzt Prozesse. Warum ist es für Container das "
				"falsche Werkzeug?",
			},
			.choices = {
				{ {
					"It counts per user: two containers with the same user id share "
					"the limit.",
					"Es zählt pro Benutzer: Zwei Container mit gleicher User-ID "
					"teilen sich die Grenze.",
				}, true },
				{ { "It only counts threads.", "Es zählt nur Threads." } },
				{ {
					"It can be raised by every process.",
					"Jeder Prozess kann es erhöhen.",
				} },
			},
			.because = {
				"RLIMIT_NPROC belongs to the user, pids.max to the group of processes. "
				"One busy container must not be able to stop a neighbour.",
				"RLIMIT_NPROC gehört zum Benutzer, pids.max zur Gruppe von Prozessen. "
				"Ein fleissiger Container darf keinen Nachbarn lähmen.",
			},
		},
		.task = {
			.ask = {
				"A server starts up to 200 workers at once. Write the line for it.",
				"Ein Server startet bis zu 200 Worker gleichzeitig. Schreiben Sie die "
				"Zeile dafür.",
			},
			.solution = "{ \"limits\": {\"pids\": 220} }",
			.answer = "OK",
			.allowed = "limits.pids",
		},
	},
	{
		.id = "cpu-share",
		.title = { "A quarter of a processor", "Ein Viertel Prozessor" },
		.question = {
			"Four processes calculate for two seconds without a pause. How much processor "
			"time do they get together under \"cpu\": 0.25?",
			"Vier Prozesse rechnen zwei Sekunden ohne Pause. Wie viel Prozessorzeit "
			"erhalten sie zusammen bei \"cpu\": 0.25?",
		},
		.probes = "cpu-burn",
		.common = "{ \"limits\": {\"cpu\": 0.25} }",
		.opened = "{ \"limits\": {\"cpu\": 2} }",
		.key = "limits.cpu",
		.open_answer = ">=500",
		.hard_answer = "<=400",
		.needs = EXERCISE_NEEDS_CPU,
		.mechanism = {
			{
				"In each period of 100 ms the whole cgroup may run for 25 ms; then all "
				"its processes wait for the next period.",
				"In jeder Periode von 100 ms darf die ganze cgroup 25 ms laufen; dann "
				"warten alle ihre Prozesse auf die nächste Periode.",
			},
			{
				"Miners and endless loops take all the processor time they can get, and "
				"all neighbours become slow.",
				"Miner und Endlosschleifen nehmen alle Prozessorzeit, die sie bekommen, "
				"und alle Nachbarn werden langsam.",
			},
			{
				"More processes do not help against it, since the time is counted for "
				"the group; what remains is that the service itself becomes slow under "
				"load.",
				"Mehr Prozesse helfen nicht dagegen, denn gezählt wird für die Gruppe; "
				"übrig bleibt, dass der Dienst selbst unter Last langsam wird.",
			},
		},
		.man = "cgroups(7), sched(7)",
		.quiz = {
			.question = {
				"A slide shows \"docker run --cpu-quota=25 #(%)\" for a quarter of a "
				"processor. What is wrong?",
				"Eine Folie zeigt «docker run --cpu-quota=25 #(%)» für einen Viertel "
				"Prozessor. Was stimmt nicht?",
			},
			.choices = {
				{ {
					"Nothing, 25 means 25 percent.",
					"Nichts, 25 heisst 25 Prozent.",
				} },
				{ {
					"The quota is in microseconds of a period of 100000, so a "
					"quarter is 25000.",
					"Die Quota zählt Mikrosekunden einer Periode von 100000; ein "
					"Viertel ist also 25000.",
				}, true },
				{ {
					"It has to be --cpu-shares=25.",
					"Es müsste --cpu-shares=25 heissen.",
				} },
			},
			.because = {
				"A share is a weight that only counts when others want the processor as "
				"well; a quota always counts. Here one writes cores: 0.25.",
				"Ein Share ist ein Gewicht, das nur zählt, wenn auch andere den "
				"Prozessor wollen; eine Quota zählt immer. Hier schreibt man Kerne: "
				"0.25.",
			},
		},
		.task = {
			.ask = {
				"The service has to use up to one whole core. Write the line.",
				"Der Dienst muss bis zu einen ganzen Kern nutzen. Schreiben Sie die "
				"Zeile.",
			},
			.solution = "{ \"limits\": {\"cpu\": 1} }",
			.answer = ">=500",
			.allowed = "limits.cpu",
		},
	},
	{
		.id = "tmpfs-size",
		.title = { "When /tmp is full", "Wenn /tmp voll ist" },
		.question = {
			"The program writes 64 MiB to /tmp, a tmpfs of 2 MiB. Where does it end, and "
			"where would the bytes have been?",
			"Das Programm schreibt 64 MiB nach /tmp, ein tmpfs von 2 MiB. Wo ist Schluss, "
			"und wo hätten die Bytes gelegen?",
		},
		.probes = "fill-tmpfs",
		.common = 
			"{ \"limits\": {\"memory\": \"unlimited\", \"swap\": \"unlimited\"}, "
			"\"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@file-write\"]}, "
			"\"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", \"size\": \"2MiB\"}} }",
		.opened = "{ \"mounts\": {\"/tmp\": {\"size\": \"80MiB\"}} }",
		.key = "mounts.*.size",
		.open_answer = "OK",
		.hard_answer = "ENOSPC",
		.mechanism = {
			{
				"A tmpfs keeps its files in memory, and the kernel refuses the page "
				"that would exceed its option size with ENOSPC.",
				"Ein tmpfs hält seine Dateien im Speicher; die Seite, welche die Option "
				"size überschritte, lehnt der Kernel mit ENOSPC ab.",
			},
			{
				"Without a size an upload or a log in /tmp may fill half of the "
				"machine's memory, which is the kernel's default.",
				"Ohne Grösse füllt ein Upload oder ein Log in /tmp bis zur Hälfte des "
				"Speichers der Maschine, denn das ist der Standard des Kernels.",
			},
			{
				"What lies in a tmpfs also counts as memory of the container, so size "
				"should be well below limits.memory.",
				"Was in einem tmpfs liegt, zählt auch als Speicher des Containers; size "
				"sollte also deutlich unter limits.memory liegen.",
			},
		},
		.man = "tmpfs(5), mount(8)",
		.quiz = {
			.question = {
				"Docker's writable layer has no size limit by default. A container "
				"writes until the disk is full. Who notices?",
				"Die beschreibbare Schicht von Docker hat im Standard keine Grenze. Ein "
				"Container schreibt, bis die Platte voll ist. Wer merkt es?",
			},
			.choices = {
				{ {
					"All containers and the host, whose disk it is.",
					"Alle Container und der Host, dessen Platte es ist.",
				}, true },
				{ { "Only this container.", "Nur dieser Container." } },
				{ {
					"Nobody: the layer is deleted in time.",
					"Niemand: Die Schicht wird rechtzeitig gelöscht.",
				} },
			},
			.because = {
				"The layer lies below /var/lib/docker on the host. A read-only root "
				"with small, sized places to write has no such way.",
				"Die Schicht liegt unter /var/lib/docker auf dem Host. Eine read-only "
				"Wurzel mit kleinen, begrenzten Schreiborten kennt diesen Weg nicht.",
			},
		},
		.task = {
			.ask = {
				"Uploads of 64 MiB have to fit into /tmp. It is a tmpfs already; write "
				"the line that changes its size.",
				"Uploads von 64 MiB müssen in /tmp Platz haben. Es ist schon ein tmpfs; "
				"schreiben Sie die Zeile, die seine Grösse ändert.",
			},
			.solution = "{ \"mounts\": {\"/tmp\": {\"size\": \"72MiB\"}} }",
			.answer = "OK",
			.allowed = "mounts",
		},
	},
	{
		.id = "tmpfs-inodes",
		.title = { "Full without a byte", "Voll ohne ein Byte" },
		.question = {
			"The program creates 8192 empty files on a tmpfs of 2 MiB. They hold no byte. "
			"Does it get there?",
			"Das Programm legt 8192 leere Dateien auf einem tmpfs von 2 MiB an. Sie "
			"enthalten kein Byte. Gelingt es?",
		},
		.probes = "exhaust-inodes",
		.common = 
			"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@file-write\"]}, "
			"\"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", \"size\": \"2MiB\"}} }",
		.opened = "{ \"mounts\": {\"/tmp\": {\"inodes\": 10000}} }",
		.key = "mounts.*.inodes",
		.open_answer = "OK",
		.hard_answer = "ENOSPC",
		.mechanism = {
			{
				"Each file needs an inode, a structure in the memory of the kernel, and "
				"the option nr_inodes limits how many a tmpfs may have.",
				"Jede Datei braucht eine inode, eine Struktur im Speicher des Kernels; "
				"die Option nr_inodes begrenzt, wie viele ein tmpfs haben darf.",
			},
			{
				"Millions of empty files use up memory that a limit on bytes does not "
				"see.",
				"Millionen leerer Dateien verbrauchen Speicher, den eine Grenze für "
				"Bytes nicht sieht.",
			},
			{
				"kapsel sets one inode for each 4 KiB of size; programs that really "
				"keep many small files need more.",
				"kapsel setzt eine inode je 4 KiB Grösse; Programme mit wirklich vielen "
				"kleinen Dateien brauchen mehr.",
			},
		},
		.man = "tmpfs(5), inode(7)",
		.quiz = {
			.question = {
				"\"No space left on device\", but df shows 60 % free. Which command "
				"explains it?",
				"«No space left on device», aber df zeigt 60 % frei. Welcher Befehl "
				"erklärt es?",
			},
			.choices = {
				{ { "df -h", "df -h" } },
				{ { "df -i", "df -i" }, true },
				{ { "du -s", "du -s" } },
			},
			.because = {
				"df -i shows inodes. The errno is the same for bytes and for inodes, so "
				"look at both.",
				"df -i zeigt inodes. Das errno ist für Bytes und inodes gleich; sehen "
				"Sie beides an.",
			},
		},
		.task = {
			.ask = {
				"A mail queue keeps up to 9000 tiny files in /tmp. Write the line; the "
				"size may stay.",
				"Eine Mail-Queue hält bis zu 9000 winzige Dateien in /tmp. Schreiben "
				"Sie die Zeile; die Grösse darf bleiben.",
			},
			.solution = "{ \"mounts\": {\"/tmp\": {\"inodes\": 9000}} }",
			.answer = "OK",
			.allowed = "mounts",
		},
	},
	{
		.id = "file-size",
		.title = { "A file that grows too far", "Eine Datei, die zu weit wächst" },
		.question = {
			"The program writes one byte at the offset 1 GiB. The file would be nearly "
			"empty on disk. What does the limit of 16 MiB say?",
			"Das Programm schreibt ein Byte an die Position 1 GiB. Auf der Platte wäre die "
			"Datei fast leer. Was sagt die Grenze von 16 MiB dazu?",
		},
		.probes = "large-file",
		.common = 
			"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@file-write\"]}, "
			"\"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", \"size\": \"2MiB\"}} }",
		.opened = "{ \"limits\": {\"file_size\": \"2GiB\"} }",
		.key = "limits.file_size",
		.open_answer = "OK",
		.hard_answer = "SIGXFSZ|EFBIG",
		.mechanism = {
			{
				"RLIMIT_FSIZE limits the length of a file, holes included: whoever "
				"writes behind it gets SIGXFSZ, and with that signal ignored EFBIG.",
				"RLIMIT_FSIZE begrenzt die Länge einer Datei, Löcher eingeschlossen: "
				"Wer dahinter schreibt, erhält SIGXFSZ, und wenn er das Signal "
				"ignoriert, EFBIG.",
			},
			{
				"One log file without end fills a disk that other services share.",
				"Eine einzige Logdatei ohne Ende füllt eine Platte, die andere Dienste "
				"mitbenützen.",
			},
			{
				"The number of files is not limited by it, so it is a net under size "
				"and quotas and does not replace them.",
				"Die Zahl der Dateien begrenzt das nicht; es ist ein Netz unter size "
				"und Quotas und ersetzt sie nicht.",
			},
		},
		.man = "getrlimit(2), signal(7)",
		.quiz = {
			.question = {
				"A service ends with status 153 whenever its database file grows. What "
				"is it?",
				"Ein Dienst endet mit Status 153, sobald seine Datenbankdatei wächst. "
				"Was ist das?",
			},
			.choices = {
				{ {
					"A bug in the database: 153 is its own code.",
					"Ein Fehler der Datenbank: 153 ist ihr eigener Code.",
				} },
				{ { "The disk is full.", "Die Platte ist voll." } },
				{ {
					"153 is 128 + 25: signal 25 is SIGXFSZ, the limit on the file "
					"size.",
					"153 ist 128 + 25: Signal 25 ist SIGXFSZ, die Grenze der "
					"Dateigrösse.",
				}, true },
			},
			.because = {
				"A full disk would be the errno ENOSPC, which a program can handle. The "
				"signal ends whoever does not expect it.",
				"Eine volle Platte wäre das errno ENOSPC, das ein Programm behandeln "
				"kann. Das Signal beendet, wer es nicht erwartet.",
			},
		},
		.task = {
			.ask = {
				"A database needs files of up to 2 GiB. Write the line.",
				"Eine Datenbank braucht Dateien bis 2 GiB. Schreiben Sie die Zeile.",
			},
			.solution = "{ \"limits\": {\"file_size\": \"2GiB\"} }",
			.answer = "OK",
			.allowed = "limits.file_size",
		},
	},
	{ 0 },
};
/* clang-format on */
