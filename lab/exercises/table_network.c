/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network. */
#include "lab/exercises/table.h"

/* clang-format off */
const struct exercise exercise_rows_network[] = {
	{
		.id = "no-network",
		.title = { "No network at all", "Gar kein Netz" },
		.question = {
			"A server listens on 127.0.0.1 outside of the container. Which answer does "
			"connect get inside, with the network of the host and without?",
			"Ein Server hört ausserhalb des Containers auf 127.0.0.1. Welche Antwort erhält "
			"connect innen, mit dem Netz des Hosts und ohne?",
		},
		.probes = "connect-host-loopback",
		.common = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@socket-client\"]} }",
		.opened = "{ \"network\": \"host\" }",
		.key = "network",
		.open_answer = "OK",
		.hard_answer = "ENETUNREACH|EACCES",
		.mechanism = {
			{
				"A new network namespace has no address and no route, only a loopback "
				"interface that is down; Landlock refuses connecting as well, and "
				"answers first.",
				"Ein neuer network namespace hat keine Adresse und keine Route, nur ein "
				"abgeschaltetes Loopback-Interface; auch Landlock lehnt das Verbinden "
				"ab und antwortet zuerst.",
			},
			{
				"Without a network stolen data cannot leave, no tool can be fetched, "
				"and no neighbour be attacked.",
				"Ohne Netz verlassen gestohlene Daten die Maschine nicht, kein Werkzeug "
				"lässt sich nachladen und kein Nachbar angreifen.",
			},
			{
				"What was opened stays a way out: a bound socket that is handed over, a "
				"mounted UNIX socket, a shared file.",
				"Was geöffnet wurde, bleibt ein Weg hinaus: ein übergebener Socket, ein "
				"gemounteter UNIX-Socket, eine gemeinsame Datei.",
			},
		},
		.man = "network_namespaces(7), connect(2), landlock(7)",
		.quiz = {
			.question = {
				"Many services of a machine listen on 127.0.0.1 only, without a "
				"password. What does \"network\": \"host\" mean for them?",
				"Viele Dienste einer Maschine hören nur auf 127.0.0.1, ohne Passwort. "
				"Was heisst \"network\": \"host\" für sie?",
			},
			.choices = {
				{ {
					"Nothing: loopback is always separate.",
					"Nichts: Loopback ist immer getrennt.",
				} },
				{ {
					"The container reaches all of them.",
					"Der Container erreicht sie alle.",
				}, true },
				{ {
					"They are told the container's id.",
					"Sie erfahren die ID des Containers.",
				} },
			},
			.because = {
				"\"Local only\" then includes everything that runs in the container. "
				"For a server, \"listen\" hands over one socket instead.",
				"«Nur lokal» schliesst dann alles ein, was im Container läuft. Für "
				"einen Server übergibt \"listen\" stattdessen genau einen Socket.",
			},
		},
		.task = {
			.ask = {
				"A diagnostic tool has to reach the local services of the host. Write "
				"the line.",
				"Ein Diagnosewerkzeug muss die lokalen Dienste des Hosts erreichen. "
				"Schreiben Sie die Zeile.",
			},
			.solution = "{ \"network\": \"host\" }",
			.answer = "OK",
			.allowed = "network",
		},
	},
	{
		.id = "own-loopback",
		.title = { "Whose 127.0.0.1?", "Wessen 127.0.0.1?" },
		.question = {
			"The container has a loopback interface of its own. A server outside listens on "
			"127.0.0.1. Is it reached?",
			"Der Container hat ein eigenes Loopback-Interface. Ein Server aussen hört auf "
			"127.0.0.1. Ist er erreichbar?",
		},
		.probes = "connect-host-loopback",
		.common = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@socket-client\"]} }",
		.opened = "{ \"network\": \"loopback\" }",
		.key = "network",
		.open_answer = "ECONNREFUSED",
		.hard_answer = "ENETUNREACH|EACCES",
		.mechanism = {
			{
				"Each network namespace has its own interface lo, so the same address "
				"and port stand for another place in each.",
				"Jeder network namespace hat sein eigenes Interface lo; dieselbe "
				"Adresse mit demselben Port ist darum überall ein anderer Ort.",
			},
			{
				"That is why an attacker cannot reach databases and metrics of the host "
				"through the address that looks local.",
				"Darum erreicht ein Angreifer über die scheinbar lokale Adresse weder "
				"Datenbanken noch Metriken des Hosts.",
			},
			{
				"ECONNREFUSED says that the network works and that nobody listens at "
				"this port, in here.",
				"ECONNREFUSED heisst: Das Netz geht, aber auf diesem Port hört niemand, "
				"hier drin.",
			},
		},
		.man = "network_namespaces(7), connect(2), ip(7)",
		.quiz = {
			.question = {
				"An application in a container connects to \"localhost:5432\", the "
				"database runs in another container. What does it get?",
				"Eine Anwendung im Container verbindet sich mit «localhost:5432», die "
				"Datenbank läuft in einem anderen. Was erhält sie?",
			},
			.choices = {
				{ {
					"The database, localhost is the machine.",
					"Die Datenbank, localhost ist die Maschine.",
				} },
				{ { "Nothing, it waits for ever.", "Nichts, sie wartet ewig." } },
				{ {
					"ECONNREFUSED: localhost is the own network namespace.",
					"ECONNREFUSED: localhost ist der eigene network namespace.",
				}, true },
			},
			.because = {
				"A classic when a service moves into a container. Either both share a "
				"network namespace (as in a Kubernetes pod), or a socket is passed.",
				"Ein Klassiker beim Umzug in Container. Entweder teilen sich beide "
				"einen network namespace (wie im Kubernetes-Pod), oder man reicht einen "
				"Socket durch.",
			},
		},
		.task = {
			.ask = {
				"Two processes in the same container talk over 127.0.0.1. Write the "
				"line that is enough for that.",
				"Zwei Prozesse im selben Container reden über 127.0.0.1. Schreiben Sie "
				"die Zeile, die dafür genügt.",
			},
			.solution = "{ \"network\": \"loopback\" }",
			.answer = "ECONNREFUSED",
			.allowed = "network",
		},
	},
	{
		.id = "low-port",
		.title = { "Port 80 without root", "Port 80 ohne root" },
		.question = {
			"The container has a loopback of its own and may bind. Port 8080 would work. "
			"What about port 80?",
			"Der Container hat ein eigenes Loopback und darf binden. Port 8080 ginge. Und "
			"Port 80?",
		},
		.probes = "bind-port-80",
		.common = 
			"{ \"network\": \"loopback\", \"syscalls\": {\"allow\": [\"@base\", "
			"\"@process\", \"@socket-server\"]} }",
		.opened = "{ \"capabilities\": [\"NET_BIND_SERVICE\"] }",
		.key = "capabilities",
		.open_answer = "OK",
		.hard_answer = "EACCES",
		.evidence = "/proc/self/status:CapEff",
		.mechanism = {
			{
				"Ports below ip_unprivileged_port_start, normally 1024, need "
				"CAP_NET_BIND_SERVICE in the user namespace of the network.",
				"Ports unterhalb von ip_unprivileged_port_start, normalerweise 1024, "
				"brauchen CAP_NET_BIND_SERVICE im user namespace des Netzes.",
			},
			{
				"The rule is from times when a low port meant that the administrator of "
				"the machine had started the service.",
				"Die Regel stammt aus Zeiten, als ein tiefer Port hiess, dass der "
				"Administrator der Maschine den Dienst gestartet hat.",
			},
			{
				"In its own network namespace the port belongs to nobody else, so the "
				"right harms nobody; but \"listen\" needs no right at all.",
				"In einem eigenen network namespace gehört der Port sonst niemandem, "
				"das Recht schadet also keinem; aber \"listen\" braucht gar kein Recht.",
			},
		},
		.man = "capabilities(7), ip(7), bind(2)",
		.quiz = {
			.question = {
				"Why do so many images run their web server as root?",
				"Warum laufen so viele Images mit dem Webserver als root?",
			},
			.choices = {
				{ {
					"Web servers have to read the disk directly.",
					"Webserver müssen die Platte direkt lesen.",
				} },
				{ {
					"Port 80 was once the reason; it has not been one for a long "
					"time.",
					"Port 80 war einmal der Grund; er ist es längst nicht mehr.",
				}, true },
				{ { "TLS needs root.", "TLS braucht root." } },
			},
			.because = {
				"A capability, a sysctl, a forwarded port or a socket that is handed "
				"over: four ways, and none of them is root.",
				"Eine Capability, ein sysctl, ein weitergeleiteter Port oder ein "
				"übergebener Socket: vier Wege, und keiner davon ist root.",
			},
		},
		.task = {
			.ask = {
				"Reach the same without a capability: lower "
				"net.ipv4.ip_unprivileged_port_start in the container's own network "
				"namespace.",
				"Erreichen Sie dasselbe ohne Capability: Senken Sie "
				"net.ipv4.ip_unprivileged_port_start im eigenen network namespace des "
				"Containers.",
			},
			.solution = "{ \"sysctls\": {\"net.ipv4.ip_unprivileged_port_start\": 80} }",
			.answer = "OK",
			.allowed = "sysctls",
		},
	},
	{
		.id = "netlink",
		.title = { "One letter box, many offices", "Ein Briefkasten, viele Ämter" },
		.question = {
			"A netlink socket talks to parts of the kernel: routes, audit, firewall. Opened "
			"for routes, does it reach the audit system as well?",
			"Ein netlink-Socket redet mit Teilen des Kernels: Routen, Audit, Firewall. Für "
			"Routen geöffnet, erreicht er auch das Audit-System?",
		},
		.probes = "netlink-route netlink-audit netlink-netfilter",
		.opened = "{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@netlink\"]} }",
		.key = "syscalls.allow",
		.open_answer = "OK",
		.hard_answer = "EPERM",
		.evidence = "/proc/self/status:Seccomp",
		.mechanism = {
			{
				"The third argument of socket chooses the part of the kernel, and the "
				"filter compares it: NETLINK_ROUTE passes, the others do not.",
				"Das dritte Argument von socket wählt den Teil des Kernels, und der "
				"Filter vergleicht es: NETLINK_ROUTE geht durch, die anderen nicht.",
			},
			{
				"Behind the firewall's netlink lies code in which a user with a "
				"namespace of his own has become root many times.",
				"Hinter dem netlink der Firewall liegt Code, in dem Benutzer mit "
				"eigenem Namespace schon oft root geworden sind.",
			},
			{
				"Reading routes and addresses stays possible, in the network namespace "
				"of the container, which by default is empty.",
				"Routen und Adressen lesen bleibt möglich, im network namespace des "
				"Containers, der im Standard leer ist.",
			},
		},
		.man = "netlink(7), rtnetlink(7), seccomp(2)",
		.quiz = {
			.question = {
				"Which harmless function of the C library needs a netlink socket?",
				"Welche harmlose Funktion der C-Bibliothek braucht einen "
				"netlink-Socket?",
			},
			.choices = {
				{ { "getifaddrs", "getifaddrs" }, true },
				{ { "printf", "printf" } },
				{ { "malloc", "malloc" } },
			},
			.because = {
				"getifaddrs lists interfaces and addresses. Programs that look for "
				"their own address call it, which explains some refusals.",
				"getifaddrs zählt Interfaces und Adressen auf. Programme rufen es auf, "
				"um die eigene Adresse zu finden, was manche Ablehnung erklärt.",
			},
		},
		.task = {
			.ask = {
				"A service calls getifaddrs. Write the line that lets it.",
				"Ein Dienst ruft getifaddrs auf. Schreiben Sie die Zeile, die das "
				"erlaubt.",
			},
			.solution = 
				"{ \"syscalls\": {\"allow\": [\"@base\", \"@process\", \"@netlink\"]} }",
			.answer = "OK",
			.allowed = "syscalls.allow",
		},
	},
	{ 0 },
};
/* clang-format on */
