/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open descriptors, and what of the network can be reached or reaches it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"

enum { PORT_LOW = 1024 };

static bool known_mount(const struct facts_mounts *mounts, int id)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->items[i].id == id)
			return true;
	return false;
}

/* Whether a descriptor leads to a file that no mount of the process shows (CVE-2016-9962, CVE-2024-21626). */
static bool leads_out(int process, const char *number, const char *link, const struct facts *facts)
{
	char path[64], text[2048];
	const char *at;

	if (link[0] != '/' || str_starts(link, "/memfd:") || facts->mounts.error)
		return false;
	snprintf(path, sizeof(path), "fdinfo/%.20s", number);
	if (fd_read_file(process, path, text, sizeof(text)) < 0)
		return false;
	at = strstr(text, "mnt_id:");
	return at && !known_mount(&facts->mounts, atoi(at + strlen("mnt_id:")));
}

static DIR *open_fds(int process)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

void facts_read_descriptors(int process, struct facts *facts)
{
	DIR *dir = open_fds(process);
	struct dirent *entry;

	facts->fds_error = dir ? 0 : errno;
	while (dir && (entry = readdir(dir))) {
		char link[FACTS_TEXT_MAX], safe[FACTS_TEXT_MAX], word[FACTS_TEXT_MAX + 32];
		ssize_t length;

		if (entry->d_name[0] == '.')
			continue;
		facts->n_fds++;
		length = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		/* The standard streams may be the log file that whoever started it opened. */
		if (length < 0 || strtol(entry->d_name, NULL, 10) <= STDERR_FILENO)
			continue;
		link[length] = '\0';
		if (!leads_out(process, entry->d_name, link, facts))
			continue;
		facts->n_leaked++;
		str_escape(safe, sizeof(safe), link);
		snprintf(word, sizeof(word), "%.20s -> %s", entry->d_name, safe);
		facts_append(facts->leaked, sizeof(facts->leaked), word);
	}
	if (dir)
		closedir(dir);
}

static void read_interfaces(int process, struct arena *arena, struct facts *facts)
{
	char *text = NULL, *line;
	ssize_t got = facts_text(process, "net/dev", arena, &text);

	facts->interfaces_error = got < 0 ? (int)-got : 0;
	while (got >= 0 && (line = strsep(&text, "\n"))) {
		char *end = strchr(line, ':'), name[64];

		line += strspn(line, " ");
		if (!end || end < line)
			continue;
		*end = '\0';
		if (str_equal(line, "lo"))
			continue;
		facts->n_interfaces++;
		str_escape(name, sizeof(name), line);
		facts_append(facts->interfaces, sizeof(facts->interfaces), name);
	}
}

/* Whether one of the process's descriptors is the socket of that inode. */
static bool holds_socket(int process, uint64_t inode)
{
	DIR *dir = open_fds(process);
	char wanted[64], link[64];
	struct dirent *entry;
	bool found = false;

	snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", inode);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (length < 0)
			continue;
		link[length] = '\0';
		found = str_equal(link, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

struct listening {
	const char *table; /* "tcp6" */
	unsigned int state;
	bool host; /* the table is the host's: these sockets are reached from other machines */
};

static void take_socket(int process, char *line, const struct listening *which, struct facts *facts)
{
	char address[33], text[64];
	unsigned int port, state;
	uint64_t inode;
	bool any;

	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%X %*32[0-9A-Fa-f]:%*X %X %*s %*s %*s %*u %*u %" SCNu64,
		   address, &port, &state, &inode) != 4 ||
	    state != which->state || !holds_socket(process, inode))
		return;
	facts->n_listen++;
	if (!which->host)
		return;
	any = strspn(address, "0") == strlen(address);
	snprintf(text, sizeof(text), "%s port %u%s", which->table, port, any ? " on all addresses" : "");
	if (any && facts->n_listen_any++ == 0)
		snprintf(facts->listen_any, sizeof(facts->listen_any), "%s", text);
	if (port < PORT_LOW && facts->n_listen_low++ == 0)
		snprintf(facts->listen_low, sizeof(facts->listen_low), "%s", text);
}

static int read_table(int process, int dir, const char *base, const struct listening *which,
		      struct arena *arena, struct facts *facts)
{
	char path[512], *text = NULL, *line;
	ssize_t got;

	snprintf(path, sizeof(path), "%snet/%s", base, which->table);
	got = facts_text(dir, path, arena, &text);
	if (got < 0)
		return got == -ENOENT ? 0 : (int)-got;
	strsep(&text, "\n");
	while ((line = strsep(&text, "\n")))
		take_socket(process, line, which, facts);
	return 0;
}

/* A socket that was handed over lies in the host's tables, though the process has a network of its own. */
static void read_listen(const struct facts_source *source, int process, struct arena *arena,
			struct facts *facts)
{
	static const struct {
		const char *name;
		unsigned int state; /* TCP_LISTEN; UDP without a peer is TCP_CLOSE */
	} tables[] = { { "tcp", 10 }, { "tcp6", 10 }, { "udp", 7 }, { "udp6", 7 } };
	char host[512];

	snprintf(host, sizeof(host), "%s/self/", source->proc);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct listening which = { tables[i].name, tables[i].state, true };
		int r = read_table(process, AT_FDCWD, host, &which, arena, facts);

		which.host = false;
		if (r == 0 && facts->own[FACTS_NET])
			r = read_table(process, process, "", &which, arena, facts);
		if (r)
			facts->listen_error = r;
	}
	if (facts->fds_error)
		facts->listen_error = facts->fds_error;
}

void facts_read_network(const struct facts_source *source, int process, struct arena *arena,
			struct facts *facts)
{
	read_interfaces(process, arena, facts);
	read_listen(source, process, arena, facts);
}
