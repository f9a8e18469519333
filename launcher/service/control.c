/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/service/record.h"

enum { BACKLOG = 16, ANSWER_MAX = 4096, ERRNO_MAX = 4095 };

/* A run directory's path may be longer than a socket's address: the way leads through the descriptor. */
static struct sockaddr_un address_in(int dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/control", dir);
	return address;
}

/* --- the side that asks ------------------------------------------------------- */

int control_connect(const char *run_dir, const char *name, struct error *err)
{
	_cleanup_fd_ int dir = record_open(run_dir, name, err), sock = -1;
	struct sockaddr_un address;
	int code;

	if (dir < 0)
		return dir;
	address = address_in(dir);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock >= 0 && connect(sock, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return take_fd(&sock);
	code = errno;
	error_set(err, code, "reach the supervisor of %s", name);
	if (code == ENOENT || code == ECONNREFUSED)
		error_remedy(err, "it does not run: see \"kapsel ps --all\"");
	return -code;
}

int control_send(int sock, const char *const *words, size_t n, const int *fds, struct error *err)
{
	char packet[CONTROL_PACKET_MAX];
	size_t used = 0;
	int r;

	if (n == 0 || n > CONTROL_WORDS_MAX)
		return error_set(err, E2BIG, "ask the supervisor with %zu words", n);
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(words[i]) + 1;

		if (size > sizeof(packet) - used)
			return error_set(err, E2BIG, "ask the supervisor: the words are longer than %d bytes",
					 CONTROL_PACKET_MAX);
		memcpy(packet + used, words[i], size);
		used += size;
	}
	r = fd_send(sock, packet, used, fds, fds ? CONTROL_FDS : 0);
	return r < 0 ? error_set(err, -r, "ask the supervisor") : 0;
}

/* The text behind the first @text's NUL, "" when the packet ends there. */
static const char *behind(const char *text, const char *end)
{
	const char *next = text + strlen(text) + 1;

	return next < end ? next : end;
}

static int64_t parse_number(const char *text)
{
	bool negative = text[0] == '-';
	uint64_t value;

	if (str_to_u64(text + negative, &value) < 0 || value > INT64_MAX)
		return 0;
	return negative ? -(int64_t)value : (int64_t)value;
}

int control_answer(int sock, int64_t *ret_number, char *text, size_t size, struct error *err)
{
	char packet[ANSWER_MAX + 1];
	ssize_t got = fd_receive(sock, packet, ANSWER_MAX, NULL, 0);
	const char *message, *remedy;
	int64_t number;

	if (got == 0 || got == -ECONNRESET)
		return error_set(err, EPIPE, "ask the supervisor: it went without an answer");
	if (got < 0)
		return error_set(err, (int)-got, "hear the supervisor's answer");
	packet[got] = '\0';
	number = parse_number(packet + 1);
	message = behind(packet, packet + got);
	if (packet[0] == '+') {
		if (ret_number)
			*ret_number = number;
		if (text && size > 0)
			snprintf(text, size, "%s", message);
		return 0;
	}
	if (packet[0] != '-')
		return error_set(err, EPROTO, "understand the supervisor's answer");
	remedy = behind(message, packet + got);
	if (number <= 0 || number > ERRNO_MAX)
		number = EPROTO;
	error_set(err, (int)number, "%s", message);
	if (remedy[0])
		error_remedy(err, "%s", remedy);
	return -(int)number;
}

int control_ask(const char *run_dir, const char *name, const char *const *words, size_t n,
		int64_t *ret_number, struct error *err)
{
	_cleanup_fd_ int sock = control_connect(run_dir, name, err);
	int r;

	if (sock < 0)
		return sock;
	r = control_send(sock, words, n, NULL, err);
	return r < 0 ? r : control_answer(sock, ret_number, NULL, 0, err);
}

/* --- the supervisor's side ---------------------------------------------------- */

int control_listen(int dir, struct error *err)
{
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = address_in(dir);

	if (sock < 0)
		return error_set(err, errno, "make the control socket");
	if (unlinkat(dir, "control", 0) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove the old control socket");
	/* Before bind(2) the mode is that of the file to come, so there is no moment of a wider one. */
	if (fchmod(sock, 0600) < 0 || bind(sock, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(sock, BACKLOG) < 0)
		return error_set(err, errno, "make the control socket");
	return take_fd(&sock);
}

static void close_fds(struct control_request *request)
{
	for (size_t i = 0; i < CONTROL_FDS; i++)
		fd_close(&request->fds[i]);
}

/* The directory's mode keeps others out; this holds when somebody opens it up, or passes a socket on. */
static bool is_allowed(int sock)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

/* All words end with a NUL, so does the packet. */
static int split(struct control_request *request, size_t size)
{
	size_t at = 0;

	if (request->packet[size - 1] != '\0')
		return -EPROTO;
	while (at < size) {
		if (request->n == CONTROL_WORDS_MAX)
			return -EPROTO;
		request->words[request->n++] = request->packet + at;
		at += strlen(request->packet + at) + 1;
	}
	request->words[request->n] = NULL;
	return 0;
}

/* Descriptors come all or not at all, and not one more. */
static int take_fds(struct control_request *request, int fds[CONTROL_FDS + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < CONTROL_FDS + 1; i++)
		n += fds[i] >= 0;
	for (size_t i = 0; i < CONTROL_FDS; i++)
		request->fds[i] = fds[i];
	if (n == 0 || n == CONTROL_FDS)
		return 0;
	fd_close(&fds[CONTROL_FDS]);
	return -EPROTO;
}

int control_receive(int sock, struct control_request *ret)
{
	int fds[CONTROL_FDS + 1], r;
	ssize_t got;

	ret->n = 0;
	ret->words[0] = NULL;
	got = fd_receive(sock, ret->packet, sizeof(ret->packet), fds, CONTROL_FDS + 1);
	r = take_fds(ret, fds);
	if (got == 0)
		r = -ECONNRESET;
	else if (got < 0)
		r = got == -EMSGSIZE ? -EPROTO : (int)got;
	else if (!is_allowed(sock))
		r = -EPERM;
	else if (r == 0)
		r = split(ret, (size_t)got);
	if (r < 0)
		close_fds(ret);
	return r;
}

/* Never waits: whoever does not listen to the answer loses it. */
static void answer(int sock, const char *packet, size_t size)
{
	while (send(sock, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void control_accept(int sock, int64_t number, const char *text)
{
	char packet[ANSWER_MAX];
	int length = snprintf(packet, 32, "+%" PRId64, number) + 1;

	length += snprintf(packet + length, sizeof(packet) - (size_t)length, "%s", text ? text : "") + 1;
	answer(sock, packet, (size_t)length < sizeof(packet) ? (size_t)length : sizeof(packet));
}

void control_refuse(int sock, const struct error *err)
{
	char packet[ANSWER_MAX];
	size_t used = (size_t)snprintf(packet, 32, "-%d", err->code) + 1;

	/* Step, message and remedy of an error always fit. */
	used += (size_t)snprintf(packet + used, sizeof(packet) - used, "%s%s%s", err->step,
				 err->step[0] ? ": " : "", err->msg) +
		1;
	used += (size_t)snprintf(packet + used, sizeof(packet) - used, "%s", err->remedy) + 1;
	answer(sock, packet, used);
}
