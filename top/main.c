/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kapsel-top VERSION screen|once DELAY_MS - what `kapsel top` executes: kapsel itself is static and knows
 * no terminal. It only reads what every `kapsel stats` may read, and asks supervisors through their sockets.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/str.h"
#include "launcher/service/stats_row.h"
#include "top/columns.h"
#include "top/detail.h"
#include "top/keys.h"
#include "top/log_pane.h"
#include "top/screen.h"
#include "top/top.h"
#include "top/view.h"

enum { ORDER_KEYS, ORDER_SIGNALS, ORDER_ANSWERS, ORDER_LOG, STATUS_OK = 0, STATUS_FAILED = 1 };

static const unsigned int parts =
	USAGE_CPU | USAGE_MEMORY | USAGE_PIDS | USAGE_IO | SAMPLE_COUNTERS | SAMPLE_NETWORK;

/* --- what is shown ------------------------------------------------------------ */

static void frame_free(struct top_frame *frame)
{
	frame->arena = arena_free(frame->arena);
	frame->n = 0;
}

/* Take a new reading over. What the rows point to is this one and the one before. */
static int read_services(struct top *top, struct error *err)
{
	struct top_frame frame = { .arena = arena_new() };
	int r;

	if (!frame.arena)
		return error_set(err, ENOMEM, "read the services");
	r = sample_list(top->run_dir, NULL, 0, false, parts, frame.arena, &frame.samples, &frame.n, err);
	if (r == 0)
		r = model_update(&top->model, frame.samples, frame.n, err);
	if (r < 0) {
		frame_free(&frame);
		return r;
	}
	frame_free(&top->before);
	top->before = top->now;
	top->now = frame;
	event_list_update(&top->events, &top->model);
	return 0;
}

void top_message(struct top *top, bool bad, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(top->message, sizeof(top->message), format, args);
	va_end(args);
	top->message_bad = bad;
	top->dirty = true;
	loop_timer_set(top->loop, top->message_timer, TOP_MESSAGE_MS);
}

void top_follow(struct top *top)
{
	const struct model_row *row = model_selected(&top->model);

	log_pane_watch(top->log, top->show_log && row ? row->now->record : NULL);
}

/* The page of a service, from a new reading of it. */
static void print_detail(struct top *top, const struct sample *sample)
{
	const struct sample *before = &top->detail_sample;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	if (!str_equal(top->detail_record.id, sample->record->id) ||
	    top->detail_record.started_ns != sample->record->started_ns)
		before = NULL;
	detail_print(out, top->run_dir, sample, before, &top->events);
	if (fclose(out) < 0) {
		free(text);
		return;
	}
	free(top->detail);
	top->detail = text;
	top->detail_record = *sample->record;
	top->detail_sample = *sample;
	top->detail_sample.record = &top->detail_record;
	top->detail_sample.interfaces = NULL;
	top->detail_sample.n_interfaces = 0;
}

void top_detail(struct top *top)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct model_row *row = model_selected(&top->model);
	struct sample sample;
	struct error err;

	if (!row || !arena)
		return;
	if (sample_read(top->run_dir, row->now->record, SAMPLE_ALL, arena, &sample, &err) == 0)
		print_detail(top, &sample);
}

static int on_refresh(void *arg, struct error *err)
{
	struct top *top = arg;
	const struct model_row *row;

	if (read_services(top, err) < 0)
		top_message(top, true, "%s: %s", err->msg, error_name(err->code));
	row = model_selected(&top->model);
	if (top->page == TOP_DETAIL &&
	    (!row || !str_equal(row->now->record->name, top->detail_record.name))) {
		top_message(top, true, "%s is gone", top->detail_record.name);
		top->page = TOP_TABLE;
	}
	if (top->page == TOP_DETAIL)
		top_detail(top);
	top_follow(top);
	log_pane_refresh(top->log); /* its directory may have come only now, without a watch */
	top->dirty = true;
	loop_timer_set(top->loop, top->refresh, top->delay_ms);
	return 0;
}

static int on_message_over(void *arg, struct error *err)
{
	struct top *top = arg;

	(void)err;
	top->message[0] = '\0';
	top->dirty = true;
	return 0;
}

/* --- the log ------------------------------------------------------------------ */

/* A log may grow thousands of times a second: look at it ten times. */
static int on_log(void *arg, short revents, struct error *err)
{
	struct top *top = arg;

	(void)revents;
	(void)err;
	loop_pause(top->loop, top->log_source, true);
	loop_timer_set(top->loop, top->log_pause, LOG_PANE_PAUSE_MS);
	return 0;
}

static int on_log_pause_over(void *arg, struct error *err)
{
	struct top *top = arg;

	(void)err;
	loop_pause(top->loop, top->log_source, false);
	log_pane_drain(top->log); /* before the look: what comes after it wakes us up again */
	if (log_pane_refresh(top->log) && top->page == TOP_TABLE)
		top->dirty = true;
	return 0;
}

/* --- asking supervisors ------------------------------------------------------- */

static int on_answer(void *arg, short revents, struct error *err)
{
	struct top_action *slot = arg;
	struct top *top = slot->top;

	(void)revents;
	loop_remove(top->loop, &slot->source);
	if (action_finish(&slot->action, err) < 0)
		top_message(top, true, "%s %s: %s: %s%s%s", action_verb(slot->action.what), slot->action.name,
			    err->msg, error_name(err->code), err->remedy[0] ? ": " : "", err->remedy);
	else
		top_message(top, false, "%s is %s", slot->action.name, action_done(slot->action.what));
	loop_timer_set(top->loop, top->refresh, 0);
	return 0;
}

void top_act(struct top *top, const char *name, enum action_what what)
{
	struct top_action *slot = NULL;
	struct error err = { 0 };

	for (size_t i = 0; i < TOP_ACTIONS_MAX && !slot; i++)
		if (top->actions[i].action.pid == 0)
			slot = &top->actions[i];
	if (!slot) {
		top_message(top, true, "%d services are waited for already", TOP_ACTIONS_MAX);
		return;
	}
	slot->top = top;
	if (action_start(&slot->action, top->run_dir, name, what, &err) < 0) {
		top_message(top, true, "%s: %s", err.msg, error_name(err.code));
		return;
	}
	slot->source = loop_add(top->loop, slot->action.fd, POLLIN, ORDER_ANSWERS, on_answer, slot);
	if (slot->source < 0) { /* there are more places than actions */
		top_message(top, true, "%s %s: no more room to wait", action_verb(what), name);
		fd_close(&slot->action.fd);
		slot->action.pid = 0;
		return;
	}
	top_message(top, false, "%s %s…", action_doing(what), name);
}

/* --- the terminal ------------------------------------------------------------- */

static int on_keys(void *arg, short revents, struct error *err)
{
	struct top *top = arg;
	int key;

	(void)err;
	while (!top->quit && (key = screen_key()) != SCREEN_KEY_NONE)
		keys_press(top, key);
	if (revents & (POLLHUP | POLLERR | POLLNVAL)) /* the terminal is gone */
		top->quit = true;
	top->dirty = true;
	return 0;
}

struct signals {
	struct top *top;
	int fd;
	int ended_by; /* 0: by a key */
};

static void suspend(struct top *top)
{
	screen_close();
	raise(SIGSTOP);
	screen_resize();
	screen_reopen();
	top->dirty = true;
}

static int on_signal(void *arg, short revents, struct error *err)
{
	struct signals *signals = arg;
	struct signalfd_siginfo info;

	(void)revents;
	(void)err;
	while (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			screen_resize();
			signals->top->dirty = true;
		} else if (info.ssi_signo == SIGTSTP) {
			suspend(signals->top);
		} else {
			signals->ended_by = (int)info.ssi_signo;
			signals->top->quit = true;
		}
	}
	return 0;
}

static int block_signals(int *ret_fd, struct error *err)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd < 0 ? error_set(err, errno, "take signals") : 0;
}

/* --- the two ways to run ------------------------------------------------------ */

static bool wants_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !no_color || !no_color[0];
}

static int add_sources(struct top *top, struct signals *signals, struct error *err)
{
	top->refresh = loop_timer(top->loop, on_refresh, top);
	top->message_timer = loop_timer(top->loop, on_message_over, top);
	top->log_pause = loop_timer(top->loop, on_log_pause_over, top);
	top->log_source = loop_add(top->loop, log_pane_fd(top->log), POLLIN, ORDER_LOG, on_log, top);
	if (top->refresh < 0 || top->message_timer < 0 || top->log_pause < 0 || top->log_source < 0 ||
	    loop_add(top->loop, STDIN_FILENO, POLLIN, ORDER_KEYS, on_keys, top) < 0 ||
	    loop_add(top->loop, signals->fd, POLLIN, ORDER_SIGNALS, on_signal, signals) < 0)
		return error_set(err, ENOSPC, "wait for keys and timers");
	return 0;
}

static int go_on(struct top *top, struct error *err)
{
	int r = 0;

	loop_timer_set(top->loop, top->refresh, top->delay_ms);
	while (r >= 0 && !top->quit) {
		if (top->dirty)
			view_draw(top);
		top->dirty = false;
		r = loop_step(top->loop, true, err);
	}
	return r < 0 ? r : 0;
}

/* Return: the exit status. */
static int show_screen(struct top *top, struct error *err)
{
	struct signals signals = { .top = top, .fd = -1 };
	int r;

	top->show_log = top->dirty = true;
	top->loop = loop_new();
	r = top->loop ? log_pane_new(&top->log, err) : error_set(err, ENOMEM, "wait for keys");
	if (r == 0)
		r = block_signals(&signals.fd, err);
	if (r == 0)
		r = add_sources(top, &signals, err);
	if (r == 0)
		r = read_services(top, err);
	if (r == 0)
		r = screen_open(wants_color(), err);
	if (r == 0) {
		top_follow(top);
		r = go_on(top, err);
		screen_close();
	}
	log_pane_free(top->log);
	loop_free(top->loop);
	fd_close(&signals.fd);
	free(top->detail);
	if (r < 0)
		error_print(STDERR_FILENO, err);
	if (signals.ended_by > 0 && signals.ended_by != SIGINT)
		return EXIT_SIGNAL_BASE + signals.ended_by;
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

static int print_once(struct top *top, struct error *err)
{
	struct timespec left = { .tv_sec = (time_t)(top->delay_ms / 1000),
				 .tv_nsec = (long)(top->delay_ms % 1000) * 1000000 };
	int r = read_services(top, err);

	if (r == 0 && top->delay_ms > 0) {
		while (nanosleep(&left, &left) < 0 && errno == EINTR)
			;
		r = read_services(top, err);
	}
	if (r == 0)
		r = columns_print(stdout, &top->model,
				  top->delay_ms > 0 ? STATS_SINCE_READING : STATS_SINCE_START, err);
	if (r == 0 && fflush(stdout) < 0)
		r = error_set(err, errno, "print the table");
	if (r < 0)
		error_print(STDERR_FILENO, err);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

static int check_call(int argc, char **argv, struct error *err)
{
	uint64_t delay_ms;

	if (argc == 4 && str_equal(argv[1], KAPSEL_VERSION) && str_to_u64(argv[3], &delay_ms) == 0 &&
	    (str_equal(argv[2], "once") || (str_equal(argv[2], "screen") && delay_ms > 0)))
		return 0;
	error_set(err, EINVAL, "understand how kapsel-top " KAPSEL_VERSION " was called");
	return error_remedy(err, "call \"kapsel top\"; kapsel and kapsel-top must be of the same version");
}

int main(int argc, char **argv)
{
	static struct top top;
	struct error err = { 0 };
	struct host host;
	int status;

	setlocale(LC_ALL, "");
	top.utf8 = str_equal(nl_langinfo(CODESET), "UTF-8");
	if (check_call(argc, argv, &err) < 0 || host_probe_caller(&host, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return STATUS_FAILED;
	}
	snprintf(top.run_dir, sizeof(top.run_dir), "%s", host.run_dir);
	top.delay_ms = strtoull(argv[3], NULL, 10);
	status = str_equal(argv[2], "once") ? print_once(&top, &err) : show_screen(&top, &err);
	model_clear(&top.model);
	frame_free(&top.now);
	frame_free(&top.before);
	return status;
}
