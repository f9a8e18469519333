/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kapsel enter: a further process in a running service, under the same restrictions as its workload. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/enter_copy.h"
#include "launcher/commands/enter_terminal.h"
#include "launcher/host.h"
#include "launcher/service/control.h"
#include "launcher/service/record.h"

/* Reads of a terminal whose process has ended; it holds less than that. */
enum { SHOW_AFTER_MAX = 64, OUTPUTS = 2 };

static const struct command_option options[] = {
	{ "env", 'e', "NAME=VALUE", "a variable beside or instead of the profile's; may be repeated" },
	{ NULL, 0, NULL, NULL },
};

/* "enter", variables, "--", the command. */
struct words {
	const char *items[CONTROL_WORDS_MAX];
	size_t n;
};

static int add(struct words *words, const char *word)
{
	if (words->n == CONTROL_WORDS_MAX)
		return -E2BIG;
	words->items[words->n++] = word;
	return 0;
}

/*
 * Takes each -e with its variable out of argv: to the parser an option stands once.
 * Return: how many of argv are left, or -errno.
 */
static int take_variables(struct words *words, int argc, char **argv)
{
	int kept = 1, i = 1, r = 0;

	for (; r == 0 && i < argc && !str_equal(argv[i], "--"); i++) {
		const char *text = argv[i];

		if (str_starts(text, "--env="))
			r = add(words, text + strlen("--env="));
		else if ((str_equal(text, "--env") || str_equal(text, "-e")) && i + 1 < argc)
			r = add(words, argv[++i]);
		else if (str_starts(text, "-e") && text[2])
			r = add(words, text + 2);
		else
			argv[kept++] = argv[i];
	}
	while (i < argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	return r < 0 ? r : kept;
}

static int signals_of_ours(struct error *err)
{
	static const int taken[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGWINCH };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(&set, taken[i]);
	/* A reader of our output that went shows as EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_set(err, errno, "open a descriptor for signals") : fd;
}

/* Return: a signal that ends us, 0: none. The supervisor ends the process when we are gone. */
static int read_signals(int fd, const struct enter_terminal *terminal)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGWINCH)
			return (int)info.ssi_signo;
		enter_terminal_resize(terminal);
	}
	return 0;
}

/* Until the supervisor answers. Return: 0, a signal's number, or -errno. */
static int pass_on(struct enter_terminal *terminal, int sock, int signals, struct error *err)
{
	bool types = terminal->in >= 0, shows = terminal->master >= 0;
	int rounds = SHOW_AFTER_MAX;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = shows ? terminal->master : -1,
			  .events = (short)(POLLIN | (terminal->n_pending ? POLLOUT : 0)) },
			{ .fd = types && terminal->n_pending == 0 ? terminal->in : -1, .events = POLLIN },
			{ .fd = sock, .events = POLLIN },
		};
		int number;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "wait for the process");
		}
		number = fds[0].revents ? read_signals(signals, terminal) : 0;
		if (number)
			return number;
		if (fds[2].revents || (fds[1].revents & POLLOUT))
			types = enter_terminal_type(terminal, fds[2].revents != 0) && types;
		if (fds[1].revents & ~POLLOUT)
			shows = enter_terminal_show(terminal);
		/* After the last of what it wrote; something that it left behind may go on writing. */
		if (fds[3].revents && (!(fds[1].revents & ~POLLOUT) || rounds-- == 0))
			return 0;
	}
}

/* What shells call "not found" and "not executable", from the supervisor's refusal. */
static int refused(const struct error *err)
{
	error_print(STDERR_FILENO, err);
	switch (err->code) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return EXIT_NOT_FOUND;
	case EACCES:
	case ENOEXEC:
		return EXIT_NOT_EXECUTABLE;
	default:
		return EXIT_LAUNCHER;
	}
}

/* The request with its three streams. */
static int ask(int sock, const struct words *words, struct enter_terminal *terminal,
	       struct enter_copy copies[OUTPUTS], struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < OUTPUTS; i++) {
		int *fd = &terminal->fds[STDOUT_FILENO + i];

		r = enter_copy_begin(*fd, &copies[i], err);
		if (r == 0 && copies[i].fd >= 0)
			*fd = copies[i].fd;
	}
	if (r == 0)
		r = control_send(sock, words->items, words->n, terminal->fds, err);
	for (size_t i = 0; i < OUTPUTS; i++)
		enter_copy_handed_over(&copies[i]);
	return r;
}

static int enter(const char *run_dir, const char *name, const struct words *words)
{
	struct enter_copy copies[OUTPUTS] = { { .fd = -1 }, { .fd = -1 } };
	struct enter_terminal terminal;
	struct error err = { 0 };
	_cleanup_fd_ int sock = control_connect(run_dir, name, &err), signals = -1;
	int64_t status = 0;
	int r = sock, number = 0;

	if (r >= 0)
		r = signals = signals_of_ours(&err);
	if (r < 0) {
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	r = enter_terminal_open(&terminal, &err);
	if (r == 0)
		r = ask(sock, words, &terminal, copies, &err);
	if (r == 0)
		r = enter_terminal_begin(&terminal, &err);
	if (r == 0)
		r = number = pass_on(&terminal, sock, signals, &err);
	enter_terminal_close(&terminal);
	for (size_t i = 0; i < OUTPUTS; i++)
		enter_copy_end(&copies[i]);
	if (r < 0) {
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	if (number)
		return EXIT_SIGNAL_BASE + number;
	r = control_answer(sock, &status, NULL, 0, &err);
	return r < 0 ? refused(&err) : (int)status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct words words = { .n = 0 };
	struct command_parse parse;
	struct record record;
	struct error err = { 0 };
	struct host host;
	int status, r;

	r = add(&words, "enter");
	if (r == 0)
		r = take_variables(&words, argc, argv);
	if (r >= 0 && command_parse(command, r, argv, &parse, &status) != 0)
		return status;
	if (r < 0)
		return command_usage_error(command, "more than %d words", CONTROL_WORDS_MAX);
	r = 0;
	if (parse.n_operands != 1 || !parse.after || !parse.after[0])
		return command_usage_error(command, "name one service, and after \"--\" the command");
	for (size_t i = 0; r == 0 && i <= (size_t)argc; i++) {
		const char *word = i == 0 ? "--" : parse.after[i - 1];

		if (!word)
			break;
		r = add(&words, word);
	}
	if (r < 0)
		return command_usage_error(command, "more than %d words", CONTROL_WORDS_MAX);
	if (host_probe_caller(&host, &err) < 0 ||
	    record_find(host.run_dir, parse.operands[0], &record, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	return enter(host.run_dir, record.name, &words);
}

const struct command command_enter = {
	.name = "enter",
	.usage = "[OPTIONS] NAME -- COMMAND [ARGS…]",
	.summary = "Starts one more process in a running service, under the same restrictions.",
	.example = "kapsel enter web -- /bin/sh",
	.options = options,
	.run = run,
};
