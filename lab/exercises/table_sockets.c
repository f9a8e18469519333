/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets: who may be reached, and who may wait. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_sockets[] = {
	{
		.id = "abstract-socket",
		.title = { "Sockets without a file", "Sockets ohne Datei" },
		.question = {
			"An abstract UNIX socket has a name, but no file and so no mode bits. What "
			"stops a container that shares the network of the host?",
			"Ein abstrakter UNIX-Socket hat einen Namen, aber keine Datei und also keine "
			"Modusbits. Was hält einen Container auf, der das Netz des Hosts teilt?",
		},
		.probes = "connect-host-abstract",
		.common = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@socket-client\"]} }",
		.opened = "{ \"network\": \"host\" }",
		.key = "network",
		.open_answer = "EPERM|OK",
		.hard_answer = "ECONNREFUSED",
		.needs = EXERCISE_NEEDS_LANDLOCK,
		.mechanism = {
			{
				"Abstract names belong to the network namespace, so another namespace "
				"does not know them and answers ECONNREFUSED.",
				"Abstrakte Namen gehören zum network namespace; ein anderer Namespace "
				"kennt sie nicht und antwortet ECONNREFUSED.",
			},
			{
				"Desktop sessions and container engines have talked over such sockets, "
				"and whoever shared their network could give them orders "
				"(CVE-2020-15257).",
				"Desktop-Sitzungen und Container-Engines redeten über solche Sockets, "
				"und wer ihr Netz teilte, konnte ihnen Befehle geben (CVE-2020-15257).",
			},
			{
				"With the host's network the second wall stands: since Linux 6.12 "
				"Landlock refuses abstract sockets of other domains with EPERM; on "
				"older kernels the connection works.",
				"Mit dem Netz des Hosts steht die zweite Mauer: Seit Linux 6.12 lehnt "
				"Landlock abstrakte Sockets fremder Domänen mit EPERM ab; auf älteren "
				"Kerneln gelingt die Verbindung.",
			},
		},
		.man = "unix(7), landlock(7), network_namespaces(7)",
		.quiz = {
			.question = {
				"How do you recognise an abstract socket in the output of \"ss -xl\"?",
				"Woran erkennen Sie einen abstrakten Socket in der Ausgabe von «ss "
				"-xl»?",
			},
			.choices = {
				{ { "Its name begins with @.", "Sein Name beginnt mit @." }, true },
				{ { "Its mode is 0777.", "Sein Modus ist 0777." } },
				{ { "It lies below /run.", "Er liegt unter /run." } },
			},
			.because = {
				"The name really begins with a zero byte, which tools show as @. No "
				"directory, no owner, no mode: only the namespace protects it.",
				"In Wirklichkeit beginnt der Name mit einem Nullbyte, das Werkzeuge als "
				"@ zeigen. Kein Verzeichnis, kein Eigentümer, kein Modus: Nur der "
				"Namespace schützt.",
			},
		},
		.task = {
			.ask = {
				"Write the line with which the container knows the abstract names of "
				"the host. What do you read from the errno?",
				"Schreiben Sie die Zeile, mit der der Container die abstrakten Namen "
				"des Hosts kennt. Was lesen Sie aus dem errno?",
			},
			.solution = "{ \"network\": \"host\" }",
			.answer = "EPERM|OK",
			.allowed = "network",
		},
	},
	{
		.id = "socket-handed-over",
		.title = { "A server without a network", "Ein Server ohne Netz" },
		.question = {
			"The launcher binds a port and hands the socket over. Which descriptors does "
			"the workload find then, and which by default?",
			"Der Launcher bindet einen Port und übergibt den Socket. Welche Deskriptoren "
			"findet der Dienst dann vor, und welche im Standard?",
		},
		.probes = "inherited-fds fchdir-inherited",
		.opened = "{ \"listen\": {\"http\": {\"stream\": \"127.0.0.1:8099\"}} }",
		.key = "listen",
		.open_answer = "OK",
		.hard_answer = "EBADF",
		.evidence = "/proc/self/status:CapEff",
		.mechanism = {
			{
				"A descriptor is a right of its own: a bound socket stays bound to the "
				"network namespace in which it was made, wherever it is used.",
				"Ein Deskriptor ist ein Recht für sich: Ein gebundener Socket bleibt an "
				"den network namespace gebunden, in dem er entstand, wo immer man ihn "
				"benützt.",
			},
			{
				"The other way round a forgotten descriptor is a way out: with a "
				"directory of the host CVE-2024-21626 left containers of runc.",
				"Umgekehrt ist ein vergessener Deskriptor ein Weg hinaus: Mit einem "
				"Verzeichnis des Hosts verliess CVE-2024-21626 Container von runc.",
			},
			{
				"So only what the profile names is passed on; 0, 1 and 2 are there "
				"always, all others are closed before the start.",
				"Darum wird nur übergeben, was das Profil nennt; 0, 1 und 2 sind immer "
				"da, alle anderen werden vor dem Start geschlossen.",
			},
		},
		.man = "sd_listen_fds(3), close_range(2), socket(7)",
		.quiz = {
			.question = {
				"A web server on port 80 with \"listen\": which of these does it still "
				"need?",
				"Ein Webserver auf Port 80 mit \"listen\": Was davon braucht er noch?",
			},
			.choices = {
				{ { "NET_BIND_SERVICE", "NET_BIND_SERVICE" } },
				{ { "\"network\": \"host\"", "\"network\": \"host\"" } },
				{ { "The call bind", "Den Aufruf bind" } },
				{ {
					"None of these, only accept on the socket it got.",
					"Nichts davon, nur accept auf dem erhaltenen Socket.",
				}, true },
			},
			.because = {
				"The launcher did the privileged part before the start. The service "
				"also cannot open further ports, and while it restarts, clients wait "
				"instead of being refused.",
				"Den privilegierten Teil hat der Launcher vor dem Start erledigt. "
				"Weitere Ports kann der Dienst nicht öffnen, und während eines "
				"Neustarts warten Clients, statt abgewiesen zu werden.",
			},
		},
		.task = {
			.ask = {
				"Hand over a socket for the administration, named admin, that listens "
				"on 127.0.0.1, port 8098.",
				"Übergeben Sie einen Socket für die Verwaltung namens admin, der auf "
				"127.0.0.1, Port 8098, hört.",
			},
			.solution = "{ \"listen\": {\"admin\": {\"stream\": \"127.0.0.1:8098\"}} }",
			.answer = "OK",
			.allowed = "listen",
		},
	},
	{
		.id = "client-or-server",
		.title = { "Client or server, not both", "Client oder Server, nicht beides" },
		.question = {
			"The program may open sockets and connect. It calls listen without bind, so "
			"that the kernel picks a port. Is it a server now?",
			"Das Programm darf Sockets öffnen und sich verbinden. Es ruft listen ohne bind "
			"auf; den Port wählt dann der Kernel. Ist es nun ein Server?",
		},
		.probes = "listen-unbound",
		.common = 
			"{ \"network\": \"loopback\", \"syscalls\": {\"allow\": [\"@base\", "
			"\"@process\", \"@socket-client\"]} }",
		.opened = 
			"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@socket-client\", "
			"\"@socket-server\"]} }",
		.key = "syscalls.allow",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"listen without bind makes the kernel choose a port itself, and rules "
				"about bind, such as Landlock's, are not asked then.",
				"Bei listen ohne bind wählt der Kernel selbst einen Port, und Regeln "
				"über bind wie jene von Landlock werden dann nicht gefragt.",
			},
			{
				"Such a port is a back door through which an attacker comes back, or "
				"passes data on to a neighbour.",
				"Ein solcher Port ist eine Hintertür, durch die ein Angreifer "
				"wiederkommt oder Daten an einen Nachbarn weitergibt.",
			},
			{
				"The groups cut by role: a client has no listen and no accept, a server "
				"that gets its sockets has no connect.",
				"Die Gruppen trennen nach Rollen: Ein Client hat kein listen und kein "
				"accept, ein Server mit übergebenen Sockets kein connect.",
			},
		},
		.man = "listen(2), ip(7), landlock(7)",
		.quiz = {
			.question = {
				"A web server only answers requests. Why take connect away from it?",
				"Ein Webserver beantwortet nur Anfragen. Warum nimmt man ihm connect "
				"weg?",
			},
			.choices = {
				{ { "connect is slow.", "connect ist langsam." } },
				{ { "Otherwise TLS does not work.", "Sonst geht TLS nicht." } },
				{ {
					"Code that was smuggled in usually calls home, and cannot.",
					"Eingeschleuster Code ruft meist nach Hause und kann es nicht.",
				}, true },
			},
			.because = {
				"A reverse shell is a program that connects out. Without connect it "
				"needs another idea, and the refusal shows in kapsel's last lines.",
				"Eine Reverse Shell ist ein Programm, das sich hinaus verbindet. Ohne "
				"connect braucht es eine andere Idee, und die Ablehnung steht in den "
				"letzten Zeilen von kapsel.",
			},
		},
		.task = {
			.ask = {
				"The program becomes a proxy: it connects out and waits for clients. "
				"Write the line.",
				"Das Programm wird ein Proxy: Es verbindet sich hinaus und wartet auf "
				"Clients. Schreiben Sie die Zeile.",
			},
			.solution = 
				"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", "
				"\"@socket-client\", \"@socket-server\"]} }",
			.answer = "OK",
			.allowed = "syscalls.allow",
		},
	},
	{ 0 },
};
/* clang-format on */
