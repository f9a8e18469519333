/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities, and how far they reach. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_rights[] = {
	{
		.id = "capability-chown",
		.title = { "chown needs a capability", "chown braucht eine Capability" },
		.question = {
			"The program owns a file in /tmp and wants to give it to user 100, as in "
			"\"chown 100 file\". May it, without a capability and with CHOWN?",
			"Dem Programm gehört eine Datei in /tmp, und es will sie Benutzer 100 geben, "
			"wie mit «chown 100 datei». Darf es das, ohne Capability und mit CHOWN?",
		},
		.probes = "chown-file",
		.common = 
			"{ \"user\": {\"host_range\": 65536}, \"syscalls\": {\"allow\": [\"@base\", "
			"\"@process\", \"@file-write\"]}, \"mounts\": {\"/tmp\": {\"type\": \"tmpfs\", "
			"\"size\": \"1MiB\"}} }",
		.opened = "{ \"capabilities\": [\"CHOWN\"] }",
		.key = "capabilities",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:CapEff,CapBnd",
		.needs = EXERCISE_NEEDS_ROOT,
		.mechanism = {
			{
				"The kernel has cut the power of root into about forty capabilities, "
				"and giving a file away needs the one named CAP_CHOWN.",
				"Der Kernel hat die Macht von root in rund vierzig Capabilities "
				"zerlegt, und eine Datei wegzugeben braucht jene namens CAP_CHOWN.",
			},
			{
				"With it an attacker makes foreign files his own, and then reads and "
				"changes them.",
				"Damit macht ein Angreifer fremde Dateien zu seinen, liest und ändert "
				"sie dann.",
			},
			{
				"CHOWN counts for files whose owner is in the id map only, so files of "
				"the host stay out of reach.",
				"CHOWN gilt nur für Dateien, deren Eigentümer in der ID-Abbildung "
				"steht; Dateien des Hosts bleiben unerreichbar.",
			},
		},
		.man = "capabilities(7), chown(2), user_namespaces(7)",
		.quiz = {
			.question = {
				"A course example runs \"docker run --cap-drop all --cap-add CHOWN "
				"alpine chown 100 /tmp\". What does kapsel need instead of --cap-drop "
				"all?",
				"Ein Kursbeispiel lautet «docker run --cap-drop all --cap-add CHOWN "
				"alpine chown 100 /tmp». Was braucht kapsel anstelle von --cap-drop "
				"all?",
			},
			.choices = {
				{ {
					"\"capabilities\": [\"-ALL\"]",
					"\"capabilities\": [\"-ALL\"]",
				} },
				{ {
					"Nothing: no capability is the default.",
					"Nichts: Keine Capability ist der Standard.",
				}, true },
				{ {
					"\"user\": { \"uid\": 65532 }",
					"\"user\": { \"uid\": 65532 }",
				} },
				{ {
					"\"syscalls\": { \"allow\": [] }",
					"\"syscalls\": { \"allow\": [] }",
				} },
			},
			.because = {
				"A profile lists what is opened, never what is closed. So a forgotten "
				"line makes a service fail, and not an attack succeed.",
				"Ein Profil zählt auf, was offen ist, nie was zu ist. So scheitert mit "
				"einer vergessenen Zeile ein Dienst, statt dass ein Angriff gelingt.",
			},
		},
		.task = {
			.ask = {
				"An installer has to change owners of files and nothing else. Write the "
				"line.",
				"Ein Installationsprogramm muss Eigentümer von Dateien ändern und sonst "
				"nichts. Schreiben Sie die Zeile.",
			},
			.solution = "{ \"capabilities\": [\"CHOWN\"] }",
			.answer = "OK",
			.allowed = "capabilities",
		},
	},
	{
		.id = "capability-fence",
		.title = { "Capabilities end at the fence", "Capabilities enden am Zaun" },
		.question = {
			"The program gets CAP_SYS_ADMIN and CAP_SYS_TIME, and the filter lets both "
			"calls pass. Can it set the host name? Can it set the clock?",
			"Das Programm erhält CAP_SYS_ADMIN und CAP_SYS_TIME, und der Filter lässt beide "
			"Aufrufe durch. Kann es den Hostnamen setzen? Und die Uhr stellen?",
		},
		.probes = "sethostname settimeofday",
		.common = 
			"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"sethostname\", "
			"\"settimeofday\"]} }",
		.opened = "{ \"capabilities\": [\"SYS_ADMIN\", \"SYS_TIME\"] }",
		.key = "capabilities",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:CapEff,CapBnd /proc/self/uid_map",
		.mechanism = {
			{
				"A capability counts in one user namespace and for what belongs to it: "
				"the UTS namespace with the host name is the container's own, the clock "
				"belongs to the machine.",
				"Eine Capability gilt in einem user namespace und für das, was ihm "
				"gehört: Der UTS namespace mit dem Hostnamen gehört dem Container, die "
				"Uhr der Maschine.",
			},
			{
				"An attacker who sets the clock makes old certificates valid again and "
				"log files useless.",
				"Ein Angreifer, der die Uhr stellt, macht alte Zertifikate wieder "
				"gültig und Logdateien wertlos.",
			},
			{
				"What remains is code in the kernel that such a capability opens even "
				"inside, and bugs in there are the reason to grant none.",
				"Übrig bleibt der Code im Kernel, den eine solche Capability auch innen "
				"öffnet; Fehler darin sind der Grund, keine zu vergeben.",
			},
		},
		.man = "user_namespaces(7), capabilities(7), uts_namespaces(7)",
		.quiz = {
			.question = {
				"CapEff of a process in a container is 0000000000200000 "
				"(CAP_SYS_ADMIN). How far does it reach?",
				"CapEff eines Prozesses im Container ist 0000000000200000 "
				"(CAP_SYS_ADMIN). Wie weit reicht das?",
			},
			.choices = {
				{ {
					"Over what belongs to its user namespace; the number alone does "
					"not tell which one that is.",
					"Über alles, was seinem user namespace gehört; die Zahl allein "
					"sagt nicht, welcher das ist.",
				}, true },
				{ {
					"Over the whole host: a capability is a capability.",
					"Über den ganzen Host: Capability ist Capability.",
				} },
				{ {
					"Nowhere, as long as the process is not uid 0.",
					"Nirgendwohin, solange der Prozess nicht uid 0 ist.",
				} },
			},
			.because = {
				"In the initial user namespace the same number means nearly root. That "
				"is why Docker without userns-remap and kapsel with the same CapEff are "
				"far apart.",
				"Im ersten user namespace heisst dieselbe Zahl fast root. Darum liegen "
				"Docker ohne userns-remap und kapsel mit gleichem CapEff weit "
				"auseinander.",
			},
		},
		.task = {
			.ask = {
				"Let the program set the host name of its own container. One capability "
				"is enough, the clock is not wanted.",
				"Lassen Sie das Programm den Hostnamen des eigenen Containers setzen. "
				"Eine Capability genügt, die Uhr ist nicht gewollt.",
			},
			.solution = "{ \"capabilities\": [\"SYS_ADMIN\"] }",
			.answer = "OK",
			.allowed = "capabilities",
		},
	},
	{
		.id = "two-locks",
		.title = { "Two locks on one door", "Zwei Schlösser an einer Tür" },
		.question = {
			"The program holds CAP_SYS_ADMIN in both runs, but only in one of them the "
			"filter knows sethostname. Is the capability enough?",
			"Das Programm besitzt CAP_SYS_ADMIN in beiden Läufen, aber nur in einem kennt "
			"der Filter sethostname. Genügt die Capability?",
		},
		.probes = "sethostname",
		.common = "{ \"capabilities\": [\"SYS_ADMIN\"] }",
		.opened = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"sethostname\"]} }",
		.key = "syscalls.allow",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:CapEff,Seccomp",
		.mechanism = {
			{
				"The seccomp filter is asked at the entry of each system call, before "
				"the code that checks capabilities runs at all.",
				"Der seccomp-Filter wird am Eingang jedes Systemaufrufs gefragt, noch "
				"bevor der Code läuft, der Capabilities prüft.",
			},
			{
				"An attacker who has found a way around one check now needs a second, "
				"different one.",
				"Ein Angreifer, der eine Prüfung umgangen hat, braucht nun noch einen "
				"zweiten, anderen Weg.",
			},
			{
				"Both answers are EPERM, so the errno alone does not tell which lock it "
				"was; kapsel names the refused call.",
				"Beide Antworten sind EPERM; das errno allein sagt also nicht, welches "
				"Schloss es war; kapsel nennt den abgelehnten Aufruf.",
			},
		},
		.man = "seccomp(2), sethostname(2), capabilities(7)",
		.quiz = {
			.question = {
				"A program fails with EPERM. How do you find out whether the filter or "
				"a missing capability refused?",
				"Ein Programm scheitert mit EPERM. Wie finden Sie heraus, ob der Filter "
				"oder eine fehlende Capability abgelehnt hat?",
			},
			.choices = {
				{ {
					"Give it all capabilities and look again.",
					"Alle Capabilities geben und nochmals schauen.",
				} },
				{ {
					"It cannot be found out.",
					"Das lässt sich nicht herausfinden.",
				} },
				{ {
					"kapsel's last lines name every call that the filter refused; "
					"if the call is not there, something else did.",
					"Die letzten Zeilen von kapsel nennen jeden Aufruf, den der "
					"Filter abgelehnt hat; fehlt er dort, war es etwas anderes.",
				}, true },
			},
			.because = {
				"Opening everything to find one cause means that nobody closes it "
				"again. A message that names the cause makes the small change the easy "
				"one.",
				"Alles zu öffnen, um eine Ursache zu finden, heisst: Niemand schliesst "
				"es wieder. Eine Meldung mit der Ursache macht die kleine Änderung zur "
				"einfachen.",
			},
		},
		.task = {
			.ask = {
				"The capability is there already. Write the line that opens the second "
				"lock, for this call only.",
				"Die Capability ist schon da. Schreiben Sie die Zeile, die das zweite "
				"Schloss öffnet, nur für diesen Aufruf.",
			},
			.solution = 
				"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", "
				"\"sethostname\"]} }",
			.answer = "OK",
			.allowed = "syscalls.allow",
		},
	},
	{
		.id = "raw-socket",
		.title = { "Raw packets", "Rohe Pakete" },
		.question = {
			"ping in its old form opens a raw socket. What does the program need for it, "
			"and what could it do besides ping?",
			"ping in seiner alten Form öffnet einen raw socket. Was braucht das Programm "
			"dafür, und was könnte es damit ausser ping noch tun?",
		},
		.probes = "socket-raw-icmp socket-packet",
		.common = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@socket-client\"]} }",
		.opened = "{ \"capabilities\": [\"NET_RAW\"] }",
		.key = "capabilities",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:CapEff,CapBnd",
		.mechanism = {
			{
				"A raw socket takes packets as the program writes them, headers "
				"included, and the kernel asks for CAP_NET_RAW in the network "
				"namespace's user namespace.",
				"Ein raw socket nimmt Pakete, wie das Programm sie schreibt, samt Kopf; "
				"der Kernel verlangt CAP_NET_RAW im user namespace, dem der network "
				"namespace gehört.",
			},
			{
				"With raw packets an attacker forges sender addresses and answers in "
				"the name of other machines.",
				"Mit rohen Paketen fälscht ein Angreifer Absenderadressen und antwortet "
				"im Namen anderer Maschinen.",
			},
			{
				"Packet sockets, which also read what others send, stay closed even "
				"with the capability: the filter does not know that family.",
				"Packet sockets, die auch mitlesen, was andere senden, bleiben selbst "
				"mit der Capability zu: Diese Familie kennt der Filter nicht.",
			},
		},
		.man = "raw(7), packet(7), capabilities(7)",
		.quiz = {
			.question = {
				"Docker gives NET_RAW to every container by default. What was that good "
				"for, and what for an attacker?",
				"Docker gibt NET_RAW standardmässig jedem Container. Wozu war das gut, "
				"und wozu einem Angreifer?",
			},
			.choices = {
				{ {
					"For ping; and for ARP spoofing between containers on the same "
					"bridge.",
					"Für ping; und für ARP-Spoofing zwischen Containern an "
					"derselben Bridge.",
				}, true },
				{ {
					"For ports below 1024; and for nothing.",
					"Für Ports unter 1024; und für nichts.",
				} },
				{ {
					"For name resolution; and for reading secrets.",
					"Für die Namensauflösung; und zum Lesen von Geheimnissen.",
				} },
			},
			.because = {
				"Ports below 1024 are NET_BIND_SERVICE. Since Linux 3.0 ping can use "
				"ICMP datagram sockets, which need no capability.",
				"Ports unter 1024 sind NET_BIND_SERVICE. Seit Linux 3.0 kann ping "
				"ICMP-Datagramm-Sockets benützen, die keine Capability brauchen.",
			},
		},
		.task = {
			.ask = {
				"A monitoring probe pings neighbours with a raw socket. Write the line "
				"for it; the calls for sockets are open already.",
				"Ein Monitoring pingt Nachbarn mit einem raw socket. Schreiben Sie die "
				"Zeile dafür; die Aufrufe für Sockets sind schon offen.",
			},
			.solution = "{ \"capabilities\": [\"NET_RAW\"] }",
			.answer = "OK",
			.allowed = "capabilities",
		},
	},
	{ 0 },
};
/* clang-format on */
