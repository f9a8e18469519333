/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Asking a running service's supervisor for something: <run_dir>/<name>/control, SOCK_SEQPACKET, mode
 * 0600 in a directory of mode 0700, so that only the service's owner and root can ask. One request is
 * one packet of NUL-terminated words, one answer one packet:
 *
 *	request  "stop" [MS]          stop, by its stop.signal and after MS (default: stop.timeout) by force
 *	         "kill" SIGNAL        a number or "TERM", "SIGTERM"; to the workload's first process
 *	         "restart" [MS]       stop and start again, whatever the policy; the answer comes when it runs
 *	         "wait"               answered when the service ends for good
 *	         "update" KEY=NUMBER… memory, memory_high, swap (bytes), cpu (thousandths of a core),
 *	                              cpu_weight, pids; 18446744073709551615 is no limit
 *	         "enter" [NAME=VALUE…] "--" ARG…    + 3 descriptors; answered when the process has ended
 *	answer   "+" NUMBER NUL TEXT  it is done; NUMBER: an exit status where one is asked for
 *	         "-" NUMBER NUL TEXT NUL REMEDY    it is refused; NUMBER: an errno
 *
 * A connection is closed by the supervisor after one answer; one that breaks without an answer means that
 * the supervisor died: ask again where it makes sense, the standby may have taken over.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct error;

enum { CONTROL_PACKET_MAX = 32 * 1024, CONTROL_WORDS_MAX = 256, CONTROL_FDS = 3 };

/** control_connect() - connect to the supervisor of @name. An fd, or -errno with *err filled. */
int control_connect(const char *run_dir, const char *name, struct error *err) _must_check_;

/**
 * control_send() - send a request
 * @words: @n strings
 * @fds: CONTROL_FDS descriptors that go with it, NULL: none
 *
 * Return: 0 or -errno with *err filled.
 */
int control_send(int sock, const char *const *words, size_t n, const int *fds, struct error *err)
	_must_check_;

/**
 * control_answer() - wait for the answer
 * @ret_number: as above
 * @text, @size: of a positive answer; may be NULL, 0
 *
 * Return: 0; -errno with *err filled by a refusal; -EPIPE with *err filled when the supervisor went
 * without a word.
 */
int control_answer(int sock, int64_t *ret_number, char *text, size_t size, struct error *err) _must_check_;

/** control_ask() - connect, send, wait for the answer, for one service. As control_answer(). */
int control_ask(const char *run_dir, const char *name, const char *const *words, size_t n,
		int64_t *ret_number, struct error *err) _must_check_;

/* The supervisor's side. */

/** control_listen() - create <dir>/control and listen; an old one is replaced. An fd, or -errno. */
int control_listen(int dir, struct error *err) _must_check_;

/* A request as received; words point into packet. */
struct control_request {
	char packet[CONTROL_PACKET_MAX];
	char *words[CONTROL_WORDS_MAX + 1]; /* NULL-terminated */
	size_t n;
	int fds[CONTROL_FDS]; /* -1: none came */
};

/**
 * control_receive() - read one request
 *
 * The descriptors in ret->fds are the caller's after 0, and closed otherwise.
 * Return: 0; -EAGAIN: none is there yet (a non-blocking socket); -ECONNRESET: the other side went;
 * -EPROTO: not understood; -EPERM: asked by another user, who gets no answer.
 */
int control_receive(int sock, struct control_request *ret) _must_check_;

/** control_accept() - answer positively. */
void control_accept(int sock, int64_t number, const char *text);

/** control_refuse() - answer with @err. */
void control_refuse(int sock, const struct error *err);
