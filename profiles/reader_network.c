/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

enum { FIRST_FD = 3 };

/* Return: NULL when @address is fine, else what is wrong with it. */
static const char *address_problem(const char *address)
{
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);

	/* unix(7): a path ends with a NUL, an abstract name starts with one. */
	if (address[0] == '/')
		return strlen(address) < room ? NULL : "a socket's path has at most 107 bytes";
	if (address[0] == '@')
		return address[1] == '\0'        ? "an abstract socket needs a name after \"@\""
		       : strlen(address) <= room ? NULL
						 : "an abstract socket's name has at most 107 bytes";
	return values_inet_problem(address);
}

static void check_address(struct reader *reader, const struct json *address)
{
	const char *text = address->text, *problem;
	struct finding *finding;

	if (!values_plain(reader->findings, "the address of a socket", &address->place, text))
		return;
	if (text[0] == '/') {
		values_path(reader->findings, reader->arena, "the path of a socket", &address->place, text);
	}
	problem = address_problem(text);
	if (!problem)
		return;
	finding = reader_error(reader, "E028", &address->place, "can't listen on \"%s\"", text);
	finding_label(finding, "%s", problem);
	if (values_is_port(text) || (text[0] == ':' && values_is_port(text + 1)) || str_starts(text, "*:")) {
		const char *port = text + strcspn(text, "0123456789");

		finding_help(finding,
			     "write \"0.0.0.0:%s\" for all addresses or \"127.0.0.1:%s\" for this host only",
			     port, port);
	} else if (str_starts(text, "localhost:")) {
		finding_help(finding, "write \"127.0.0.1%s\": names are not resolved",
			     text + strlen("localhost"));
	} else {
		finding_help(finding, "examples: \"0.0.0.0:80\", \"[::1]:80\", \"/run/web.sock\", \"@web\"");
	}
}

static bool is_listen_name(const char *name)
{
	if (name[0] == '\0' || strlen(name) > 255)
		return false;
	for (; *name; name++)
		if (*name <= ' ' || *name >= 0x7f || *name == ':')
			return false;
	return true;
}

static bool read_socket(struct reader *reader, const struct json *object, struct spec_listen *socket)
{
	const struct json *stream = json_get(object, "stream"), *datagram = json_get(object, "datagram");
	const struct json *address = stream ? stream : datagram, *backlog = json_get(object, "backlog");

	socket->name = object->name;
	/* LISTEN_FDNAMES separates the names by colons. */
	if (!is_listen_name(object->name))
		finding_help(reader_error(reader, "E018", &object->name_place,
					  "this can't be the name of a socket"),
			     "use letters, digits and - _ .");
	if (!stream == !datagram) {
		finding_help(reader_error(reader, "E028", &object->place, "a socket needs %s",
					  stream ? "one of \"stream\" and \"datagram\", not both"
						 : "a \"stream\" or a \"datagram\" address"),
			     "for TCP write \"stream\": \"127.0.0.1:8080\"");
		return false;
	}
	if (address->type != JSON_STRING)
		return false;
	check_address(reader, address);
	socket->address = address->text;
	socket->datagram = datagram != NULL;
	socket->fd = json_get(object, "fd") ? (int)reader_integer(reader, object, "listen.*.fd") : -1;
	socket->backlog = (int)reader_integer(reader, object, "listen.*.backlog");
	if (datagram && backlog)
		reader_error(reader, "E028", &backlog->name_place, "a datagram socket has no \"backlog\"");
	return true;
}

static bool is_taken(const struct spec_listen *list, size_t n, int fd)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].fd == fd)
			return true;
	return false;
}

static int compare_fds(const void *a, const void *b)
{
	const struct spec_listen *left = a, *right = b;

	if (left->fd != right->fd)
		return left->fd < right->fd ? -1 : 1;
	return strcmp(left->name, right->name);
}

/* Gives numbers to the sockets without one, and proves that they are 3, 4, 5 …: LISTEN_FDS is only a count.
 */
static void number_sockets(struct reader *reader, const struct json *listen, struct spec_listen *list,
			   size_t n)
{
	struct finding *finding;
	int next = FIRST_FD;

	for (size_t i = 0; i < n; i++) {
		if (list[i].fd >= 0)
			continue;
		while (is_taken(list, n, next))
			next++;
		list[i].fd = next;
	}
	qsort(list, n, sizeof(*list), compare_fds);
	for (size_t i = 0; i < n; i++) {
		const struct json *socket = json_get(listen, list[i].name), *fd = json_get(socket, "fd");
		const struct place *place = fd ? &fd->place : &listen->name_place;

		if (list[i].fd < FIRST_FD)
			return; /* out of range, which was complained about */
		if (list[i].fd == FIRST_FD + (int)i)
			continue;
		if (i > 0 && list[i].fd == list[i - 1].fd)
			finding = reader_error(reader, "E029", place, "two sockets want descriptor %d",
					       list[i].fd);
		else
			finding = reader_error(reader, "E029", place,
					       "descriptor %d comes without %d before it", list[i].fd,
					       FIRST_FD + (int)i);
		finding_help(finding,
			     "the numbers are 3, 4, 5 … without a gap; left out, they are given in order");
		return;
	}
}

static void check_same_address(struct reader *reader, const struct json *listen,
			       const struct spec_listen *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (list[i].datagram != list[j].datagram ||
			    !str_equal(list[i].address, list[j].address))
				continue;
			reader_error(reader, "E028", &json_get(listen, list[i].name)->place,
				     "\"%s\" and \"%s\" listen on the same address", list[j].name,
				     list[i].name);
		}
	}
}

static void read_listen(struct reader *reader)
{
	const struct json *listen = reader_get(reader->root, "listen");
	struct spec_listen *list;
	size_t n = 0;

	if (!listen || listen->type != JSON_OBJECT)
		return;
	if (listen->n > 64) {
		reader_error(reader, "E029", &listen->name_place, "more than 64 sockets");
		return;
	}
	list = reader_alloc(reader, listen->n, sizeof(*list));
	if (!list)
		return;
	for (const struct json *socket = listen->first; socket; socket = socket->next)
		if (socket->type == JSON_OBJECT && read_socket(reader, socket, &list[n]))
			n++;
	check_same_address(reader, listen, list, n);
	number_sockets(reader, listen, list, n);
	reader->spec->listen = list;
	reader->spec->n_listen = n;
}

static unsigned int namespace_bit(const char *word)
{
	static const struct {
		const char *word;
		enum spec_namespace bit;
	} bits[] = { { "pid", SPEC_NS_PID }, { "ipc", SPEC_NS_IPC },       { "uts", SPEC_NS_UTS },
		     { "net", SPEC_NS_NET }, { "cgroup", SPEC_NS_CGROUP }, { "time", SPEC_NS_TIME } };

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (str_equal(bits[i].word, word))
			return bits[i].bit;
	return 0;
}

static void read_namespaces(struct reader *reader)
{
	const struct json *share = reader_get(reader->root, "share_host");
	const struct json *network = reader_get(reader->root, "network");
	struct spec *spec = reader->spec;

	spec->namespaces = SPEC_NS_ALL;
	for (const struct json *item = share && share->type == JSON_ARRAY ? share->first : NULL; item;
	     item = item->next) {
		unsigned int bit = item->type == JSON_STRING ? namespace_bit(item->text) : 0;

		if (bit && !(spec->namespaces & bit))
			reader_error(reader, "E039", &item->place, "\"%s\" stands in \"share_host\" twice",
				     item->text);
		spec->namespaces &= ~bit;
		if (bit == SPEC_NS_NET && network && spec->network != SPEC_NETWORK_HOST)
			finding_help(reader_error(reader, "E039", &item->place,
						  "\"share_host\" and \"network\" contradict each other"),
				     "leave \"net\" out here, or write \"network\": \"host\"");
	}
	if (!(spec->namespaces & SPEC_NS_NET))
		spec->network = SPEC_NETWORK_HOST;
	if (spec->network == SPEC_NETWORK_HOST || spec->network == SPEC_NETWORK_JOIN)
		spec->namespaces &= ~(unsigned int)SPEC_NS_NET;
}

void reader_network(struct reader *reader)
{
	static const char *const words[] = { [SPEC_NETWORK_NONE] = "none",
					     [SPEC_NETWORK_LOOPBACK] = "loopback",
					     [SPEC_NETWORK_HOST] = "host",
					     NULL };
	const struct json *network = reader_get(reader->root, "network");
	struct spec *spec = reader->spec;

	if (network && network->type == JSON_OBJECT) {
		const struct json *mode = json_get(network, "mode");

		if (!mode)
			finding_help(
				reader_error(reader, "E007", &network->place, "\"network\" needs a \"mode\""),
				"add \"mode\": \"join\", or write \"network\": \"none\"");
		spec->network = SPEC_NETWORK_JOIN;
		spec->network_netns = reader_path(reader, network, "network.netns");
		if (mode && mode->type == JSON_STRING && str_equal(mode->text, "join") &&
		    !json_get(network, "netns"))
			finding_help(reader_error(reader, "E007", &network->place,
						  "mode \"join\" needs a \"netns\""),
				     "add \"netns\": \"/run/netns/NAME\"");
	} else {
		spec->network = reader_word(reader, reader->root, "network", words);
	}
	read_namespaces(reader);
	read_listen(reader);
}
