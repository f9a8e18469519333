/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor's end of the control socket: who asks for what, and who still waits for an answer. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/processes/extra.h"
#include "launcher/processes/service.h"
#include "launcher/processes/update.h"
#include "launcher/run.h"
#include "launcher/service/control.h"
#include "launcher/service/events.h"

enum { SILENT_MS = 1000, ORDER_REQUEST = 5, ACCEPT_RETRY_MS = 100 };

static void drop(struct service_client *client)
{
	loop_remove(client->service->loop, &client->source);
	fd_close(&client->sock);
	client->wants = CLIENT_UNDECIDED;
	client->extra = NULL;
}

static void refuse(struct service_client *client, int errnum, const char *text, const char *remedy)
{
	struct error err = { 0 };

	error_set(&err, errnum, "%s", text);
	error_remedy(&err, "%s", remedy);
	control_refuse(client->sock, &err);
	drop(client);
}

static void accept_now(struct service_client *client, int64_t number)
{
	control_accept(client->sock, number, "");
	drop(client);
}

void requests_answer(struct service *service, enum client_wants wants, int64_t number, const char *text)
{
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		struct service_client *client = &service->clients[i];

		if (client->sock < 0 || client->wants != wants)
			continue;
		control_accept(client->sock, number, text);
		drop(client);
	}
}

/* "5000": milliseconds; absent: what the profile says. 0 or -errno. */
static int read_timeout(const struct service *service, const char *word, uint64_t *ret_ms)
{
	*ret_ms = service->spec.stop_timeout_ms;
	return word ? str_to_u64(word, ret_ms) : 0;
}

static void take_stop(struct service_client *client, const struct control_request *request)
{
	struct service *service = client->service;
	bool again = str_equal(request->words[0], "restart");
	uint64_t timeout_ms;

	if (read_timeout(service, request->words[1], &timeout_ms) < 0) {
		refuse(client, EINVAL, "understand the stop timeout", "give whole milliseconds");
		return;
	}
	if (again && service->over) {
		refuse(client, EBUSY, "restart the service: its end was asked for",
		       "when it has ended: kapsel run -d");
		return;
	}
	client->wants = again ? CLIENT_RESTART : CLIENT_END;
	service->restart = again;
	service->over = service->over || !again;
	supervisor_stop(service, STOP_CONTROL, timeout_ms);
}

/* "9", "KILL" or "SIGKILL". Return: the number, 0: none of these. */
static int read_signal(const char *word)
{
	uint32_t number;

	if (str_to_u32(word, &number) == 0)
		return number < (uint32_t)NSIG ? (int)number : 0;
	if (str_starts(word, "SIG"))
		word += strlen("SIG");
	for (int i = 1; i < NSIG; i++) {
		const char *name = sigabbrev_np(i);

		if (name && str_equal(name, word))
			return i;
	}
	return 0;
}

static void take_kill(struct service_client *client, const struct control_request *request)
{
	struct service *service = client->service;
	int number = request->n > 1 ? read_signal(request->words[1]) : SIGKILL;

	if (number == 0) {
		refuse(client, EINVAL, "find that signal", "kill -l lists them");
		return;
	}
	if (!service->run || service->init_gone) {
		refuse(client, ESRCH, "send a signal: the service waits for its next start",
		       "kapsel stop ends that");
		return;
	}
	/* As with Docker: whoever sends its end by hand wants no new start. */
	if (number == SIGKILL || number == service->spec.stop_signal)
		service->over = true;
	janitor_tell(service);
	if (pidfd_send_signal(service->run->payload_pidfd, number, NULL, 0) < 0) {
		refuse(client, errno, "send the signal", "it may have ended just now");
		return;
	}
	/* Else nobody could tell later that an end by this signal was asked for. */
	EVENTS_EMIT(service->events, "kill", { "by", "control", 0 }, { "signal", NULL, number });
	accept_now(client, 0);
}

static void take_update(struct service_client *client, const struct control_request *request)
{
	struct service *service = client->service;
	struct error err = { 0 };

	if (!service->run) {
		refuse(client, ESRCH, "change limits: the service waits for its next start", "try again");
		return;
	}
	if (update_limits(&service->spec, service->host, service->run->cgroup_fd, request->words + 1,
			  request->n - 1, &err) < 0) {
		control_refuse(client->sock, &err);
		drop(client);
		return;
	}
	for (size_t i = 1; i < request->n; i++)
		EVENTS_EMIT(service->events, "update", { "what", request->words[i], 0 });
	janitor_tell(service);
	service_record_run(service);
	service_save(service);
	accept_now(client, 0);
}

static void on_extra_end(void *arg, int wait_status, const struct error *failure)
{
	struct service_client *client = arg;

	client->extra = NULL;
	if (client->sock < 0)
		return; /* the caller went first */
	if (failure) {
		control_refuse(client->sock, failure);
		drop(client);
		return;
	}
	accept_now(client, WIFSIGNALED(wait_status) ? EXIT_SIGNAL_BASE + WTERMSIG(wait_status)
						    : WEXITSTATUS(wait_status));
}

/* What stands behind the "--". */
static const char *command_of(const struct control_request *request)
{
	for (size_t i = 1; i + 1 < request->n; i++)
		if (str_equal(request->words[i], "--"))
			return request->words[i + 1];
	return "";
}

static void take_enter(struct service_client *client, struct control_request *request)
{
	struct service *service = client->service;
	struct error err = { 0 };

	if (!service->run || service->init_gone || !service->executed) {
		refuse(client, ESRCH, "enter the service: it does not run just now", "kapsel ps shows it");
		return;
	}
	client->wants = CLIENT_EXTRA;
	if (extra_from_request(service->run, service->loop, request, on_extra_end, client, &client->extra,
			       &err) < 0) {
		control_refuse(client->sock, &err);
		drop(client);
		return;
	}
	EVENTS_EMIT(service->events, "enter", { "command", command_of(request), 0 });
}

/* Who waits for long leaves a place to those who end that: else nobody could stop the service. */
static bool is_last_place(const struct service_client *client)
{
	const struct service *service = client->service;

	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		const struct service_client *other = &service->clients[i];

		if (other != client && !other->extra && (other->sock < 0 || other->wants == CLIENT_UNDECIDED))
			return false;
	}
	return true;
}

static void take(struct service_client *client, struct control_request *request)
{
	const char *verb = request->words[0];

	if ((str_equal(verb, "wait") || str_equal(verb, "enter")) && is_last_place(client))
		refuse(client, EBUSY, "wait for the service, as many others do", "try again later");
	else if (str_equal(verb, "stop") || str_equal(verb, "restart"))
		take_stop(client, request);
	else if (str_equal(verb, "kill"))
		take_kill(client, request);
	else if (str_equal(verb, "wait"))
		client->wants = CLIENT_END;
	else if (str_equal(verb, "update"))
		take_update(client, request);
	else if (str_equal(verb, "enter"))
		take_enter(client, request);
	else
		refuse(client, EOPNOTSUPP, "understand the request",
		       "the service runs under another version of kapsel: restart it");
}

/* A second packet, or the end: whoever let a process in and goes takes it along. */
static void on_client_left(struct service_client *client)
{
	if (client->extra)
		extra_kill(client->extra);
	loop_remove(client->service->loop, &client->source);
	fd_close(&client->sock);
	if (!client->extra)
		drop(client);
}

static int on_request(void *arg, short revents, struct error *err)
{
	struct service_client *client = arg;
	struct control_request request;
	int r;

	(void)revents, (void)err;
	r = client->wants == CLIENT_UNDECIDED ? control_receive(client->sock, &request) : -ECONNRESET;
	if (r == -EAGAIN)
		return 0;
	if (r == -EPROTO) {
		refuse(client, EPROTO, "understand the request", "see control.h for its form");
		return 0;
	}
	if (r < 0) {
		on_client_left(client);
		return 0;
	}
	take(client, &request);
	for (size_t i = 0; i < CONTROL_FDS; i++)
		fd_close(&request.fds[i]);
	return 0;
}

static int on_rested(void *arg, struct error *err)
{
	struct service *service = arg;

	(void)err;
	loop_pause(service->loop, service->sources.listener, false);
	return 0;
}

/* What can't be taken stays in the queue, and poll(2) would return at once, for ever. */
static void rest(struct service *service)
{
	loop_pause(service->loop, service->sources.listener, true);
	loop_timer_set(service->loop, service->sources.accept_timer, ACCEPT_RETRY_MS);
}

/* A free place, or that of somebody who is connected and has said nothing for a second. NULL: none. */
static struct service_client *find_place(struct service *service)
{
	const uint64_t now = loop_now_ms();

	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
		if (service->clients[i].sock < 0 && !service->clients[i].extra)
			return &service->clients[i];
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		struct service_client *client = &service->clients[i];

		if (client->wants == CLIENT_UNDECIDED && now - client->since_ms >= SILENT_MS) {
			drop(client);
			return client;
		}
	}
	return NULL;
}

static int on_connection(void *arg, short revents, struct error *err)
{
	struct service *service = arg;
	struct service_client *client = find_place(service);
	int sock = client ? accept4(service->listener_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	(void)revents, (void)err;
	if (!client ||
	    (sock < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)))
		rest(service);
	if (sock < 0)
		return 0;
	client->source = loop_add(service->loop, sock, POLLIN, ORDER_REQUEST, on_request, client);
	if (client->source < 0) {
		close(sock);
		return 0;
	}
	client->sock = sock;
	client->since_ms = loop_now_ms();
	client->wants = CLIENT_UNDECIDED;
	return 0;
}

int requests_listen(struct service *service, struct error *err)
{
	service->listener_fd = control_listen(service->base->state_fd, err);
	if (service->listener_fd < 0)
		return service->listener_fd;
	service->sources.listener =
		loop_add(service->loop, service->listener_fd, POLLIN, ORDER_REQUEST, on_connection, service);
	service->sources.accept_timer = loop_timer(service->loop, on_rested, service);
	if (service->sources.listener < 0 || service->sources.accept_timer < 0)
		return error_set(err, ENOSPC, "listen for requests");
	return 0;
}

void requests_close(struct service *service)
{
	loop_remove(service->loop, &service->sources.listener);
	fd_close(&service->listener_fd);
}
