/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The janitor stands by for the case that the supervisor is killed. It is forked before the first thing
 * exists that could be left behind, gets copies of the locks as soon as they are taken and of the run's
 * descriptors before the workload executes, and sleeps on a socket whose only other end is the
 * supervisor's: the end of file means that the supervisor died. When all is clean it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/loop.h"
#include "launcher/processes/service.h"
#include "launcher/run.h"
#include "launcher/service/foreign.h"
#include "launcher/service/passed.h"
#include "launcher/service/sd_notify.h"
#include "launcher/state.h"
#include "seccomp/notify.h"

enum { ORDER_JANITOR = 30, WORD_FDS = 8 };

struct word {
	enum word_tag {
		WORD_LOCKS,   /* state, ids */
		WORD_RUN,     /* the run's descriptors, as run_fds() lists them */
		WORD_STREAMS, /* stdout, stderr, the workload's sd_notify socket */
		WORD_LISTEN,  /* sockets that stay open over restarts, from @first on */
		WORD_LIFE,    /* nothing but what each word has */
		WORD_IDLE,    /* that run is over */
		WORD_RETRY,   /* not all is clean: try, and go */
	} tag;
	unsigned int given; /* bit n: descriptor n is there; else a filler */
	unsigned int first;
	pid_t init_pid, payload_pid;
	uint64_t began_ms;
	struct life life;
};

/* What a run has, in two words of descriptors. */
static size_t run_fds(struct run *run, enum word_tag tag, int *ret[WORD_FDS])
{
	int *const first[] = { &run->control[0], &run->init_pidfd,       &run->payload_pidfd,
			       &run->cgroup_fd,  &run->cgroup_parent_fd, &run->listener_fd };
	int *const second[] = { &run->stdout_pipe[0], &run->stderr_pipe[0], &run->notify_sock };

	if (tag == WORD_RUN) {
		memcpy(ret, first, sizeof(first));
		return ARRAY_SIZE(first);
	}
	memcpy(ret, second, sizeof(second));
	return ARRAY_SIZE(second);
}

/*
 * A standby that was stopped listens no more, and one that died is not replaced yet: neither may hold the
 * service up. on_janitor_gone() makes another one, which is told everything.
 */
static int send_word(struct service *service, struct word *word, const int *fds, size_t n)
{
	int filled[WORD_FDS], r;

	word->life = life_of(service);

	for (size_t i = 0; i < n; i++) {
		filled[i] = fds[i] >= 0 ? fds[i] : service->janitor_fd;
		word->given |= fds[i] >= 0 ? 1u << i : 0;
	}
	r = fd_send(service->janitor_fd, word, sizeof(*word), filled, n);
	if (r == 0 || service->sources.janitor < 0 || service->janitor <= 0)
		return r;
	kill(service->janitor, SIGKILL);
	return 0;
}

static int send_run(struct service *service, enum word_tag tag)
{
	struct run *run = service->run;
	struct word word = { .tag = tag,
			     .init_pid = run->init_pid,
			     .payload_pid = run->payload_pid,
			     .began_ms = service->began_ms };
	int *list[WORD_FDS], fds[WORD_FDS];
	size_t n = run_fds(run, tag, list);

	for (size_t i = 0; i < n; i++)
		fds[i] = list[i] == &run->listener_fd && run->notify ? notify_fd(run->notify) : *list[i];
	/* Who only ends the container needs no way to speak for it. */
	for (size_t i = 0; i < n && service->spec.on_supervisor_death != SPEC_ORPHAN_ADOPT; i++)
		if (list[i] == &run->control[0] || list[i] == &run->payload_pidfd ||
		    list[i] == &run->listener_fd || list[i] == &run->notify_sock)
			fds[i] = -1;
	return send_word(service, &word, fds, n);
}

static int send_listening(struct service *service)
{
	const size_t all = service->spec.n_listen < RUN_LISTEN_MAX ? service->spec.n_listen : RUN_LISTEN_MAX;
	int r = 0;

	if (service->spec.on_supervisor_death != SPEC_ORPHAN_ADOPT)
		return 0;
	for (size_t first = 0; r == 0 && first < all; first += WORD_FDS) {
		struct word word = { .tag = WORD_LISTEN, .first = (unsigned int)first };

		r = send_word(service, &word, service->kept_listen_fds + first,
			      all - first < WORD_FDS ? all - first : WORD_FDS);
	}
	return r;
}

int janitor_share(struct service *service, struct error *err)
{
	const int locks[] = { service->base->state_fd, service->base->ids_fd };
	struct word word = { .tag = WORD_LOCKS };
	int r = send_word(service, &word, locks, ARRAY_SIZE(locks));

	if (r == 0)
		r = send_listening(service);
	if (r == 0 && service->run && service->run->init_pidfd >= 0) {
		r = send_run(service, WORD_STREAMS);
		if (r == 0)
			r = send_run(service, WORD_RUN);
	}
	return r < 0 ? error_set(err, -r, "share the container with the janitor") : 0;
}

void janitor_idle(struct service *service)
{
	struct word word = { .tag = WORD_IDLE };

	if (send_word(service, &word, NULL, 0) < 0)
		return; /* not yet watched: whoever watches it hears of its end */
}

void janitor_tell(struct service *service)
{
	struct word word = { .tag = WORD_LIFE };

	if (service->spec.on_supervisor_death != SPEC_ORPHAN_ADOPT || service->janitor_fd < 0)
		return;
	if (send_word(service, &word, NULL, 0) < 0)
		return; /* as above */
}

/* --- the janitor's side ----------------------------------------------------------------- */

static void close_range_of(unsigned int first, unsigned int last)
{
	if (first <= last)
		syscall(SYS_close_range, first, last, 0);
}

/*
 * Nothing stays but the socket and what an adoption needs and nobody can give later. A copy of init's
 * socket here would hide init's death from the supervisor, one of the caller's terminal or pipes would
 * keep those waiting who wait for their end, and one of the root would keep the image busy.
 */
static void close_others(const struct service *service, int sock)
{
	int kept[4 + RUN_LISTEN_MAX] = { sock, -1, -1, -1 };
	unsigned int first = 0;

	if (service->writer)
		log_writer_stand_by(service->writer, &kept[1]);
	/* What was passed to kapsel can't be opened again. */
	kept[3] = sd_notify_fd();
	for (size_t i = 0; i < RUN_LISTEN_MAX; i++)
		kept[4 + i] = passed_fd(i);
	for (;;) {
		int next = -1;

		for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
			if (kept[i] >= (int)first && (next < 0 || kept[i] < next))
				next = kept[i];
		if (next < 0)
			break;
		close_range_of(first, (unsigned int)next - 1);
		first = (unsigned int)next + 1;
	}
	close_range_of(first, ~0u);
	/* The three standard streams: no descriptor that is opened later may get their numbers. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR) != fd) /* NOLINT(android-cloexec-open) */
			break;
}

/* The numbers of the supervisor's that are open no more here. */
static void forget(struct service *service)
{
	struct service_sources none;

	memset(&none, 0xff, sizeof(none));
	service->sources = none;
	service->signal_fd = service->listener_fd = service->report_fd = service->janitor_fd = -1;
	service->run = NULL;
	service->run_arena = NULL;
	service->loop = NULL;
	service->events = NULL;
	service->counters = NULL;
	service->health = NULL;
	service->ready = NULL;
	memset(service->kept_listen_fds, 0xff, sizeof(service->kept_listen_fds));
	for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
		service->clients[i] = (struct service_client){ .service = service, .sock = -1, .source = -1 };
	service->base->state_fd = service->base->ids_fd = -1;
}

/* What the words have told, until it is needed. */
struct heard {
	struct run run;
	struct word word;
	bool running, started;
};

static void close_run(struct heard *heard)
{
	run_release(&heard->run);
	run_init(&heard->run);
	heard->running = false;
}

/* A filler is a copy of our own socket, and closed by who called. */
static void take_listening(struct service *service, const struct word *word, int fds[WORD_FDS])
{
	for (size_t i = 0; i < WORD_FDS && word->first + i < RUN_LISTEN_MAX; i++) {
		foreign_close(&service->kept_listen_fds[word->first + i]);
		if (word->given & 1u << i)
			service->kept_listen_fds[word->first + i] = take_fd(&fds[i]);
	}
}

static void hear(struct service *service, struct heard *heard, const struct word *word, int fds[WORD_FDS])
{
	int *list[WORD_FDS];
	size_t n = 0;

	life_take(service, &word->life);
	heard->word.life = word->life;
	heard->started = heard->started || word->life.started;
	switch (word->tag) {
	case WORD_LOCKS:
		fd_close(&service->base->state_fd);
		fd_close(&service->base->ids_fd);
		service->base->state_fd = take_fd(&fds[0]);
		service->base->ids_fd = take_fd(&fds[1]);
		return;
	case WORD_STREAMS: /* the first of the two */
		close_run(heard);
		n = run_fds(&heard->run, WORD_STREAMS, list);
		break;
	case WORD_RUN:
		n = run_fds(&heard->run, WORD_RUN, list);
		heard->word = *word;
		heard->running = heard->started = true;
		break;
	case WORD_LISTEN:
		take_listening(service, word, fds);
		return;
	case WORD_IDLE:
		close_run(heard);
		break;
	case WORD_LIFE:
	case WORD_RETRY:
		break;
	}
	for (size_t i = 0; i < n; i++)
		if (word->given & 1u << i)
			*list[i] = take_fd(&fds[i]);
}

/* The descriptors become those of a run of the service. */
static int make_run(struct service *service, struct heard *heard)
{
	struct run *run;
	int *from[WORD_FDS], *to[WORD_FDS];

	if (service_new_run(service, NULL) < 0)
		return -ENOMEM;
	run = service->run;
	for (enum word_tag tag = WORD_RUN; tag <= WORD_STREAMS; tag++) {
		size_t n = run_fds(run, tag, to);

		run_fds(&heard->run, tag, from);
		for (size_t i = 0; i < n; i++)
			*to[i] = take_fd(from[i]);
	}
	run->init_pid = heard->word.init_pid;
	run->payload_pid = heard->word.payload_pid;
	service->began_ms = heard->word.began_ms;
	return 0;
}

static int clean(const struct service *service)
{
	struct run *base = service->base;

	return (base->state_fd >= 0 ? state_clean(base, false) : state_reclaim(base)) < 0;
}

_noreturn_ static void janitor_main(struct service *service, int sock, pid_t supervisor)
{
	static struct heard heard;
	struct pollfd dead = { .events = POLLIN };
	int fds[WORD_FDS];
	struct word word;
	sigset_t all;
	ssize_t got;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid(); /* a terminal's hang-up or Ctrl-C is for the supervisor */
	prctl(PR_SET_NAME, "kapsel-janitor", 0, 0, 0);
	close_others(service, sock);
	dead.fd = pidfd_open(supervisor, 0);
	forget(service);
	heard = (struct heard){ 0 }; /* not what the supervisor heard when it was the standby */
	run_init(&heard.run);
	while ((got = fd_receive(sock, &word, sizeof(word), fds, WORD_FDS)) == (ssize_t)sizeof(word)) {
		if (word.tag == WORD_RETRY)
			_exit(clean(service));
		hear(service, &heard, &word, fds);
		for (size_t i = 0; i < WORD_FDS; i++)
			fd_close(&fds[i]);
	}
	/* Its descriptors are closed before it is dead: only then is what we share at rest. It was dead
	 * before we looked where there is none. */
	while (dead.fd >= 0 && poll(&dead, 1, -1) < 0 && errno == EINTR)
		;
	/* Out of descriptors when that was opened: its child is somebody else's once it is dead. */
	while (dead.fd < 0 && getppid() == supervisor)
		poll(NULL, 0, 1);
	close(sock);
	if (!heard.started)
		_exit(clean(service));
	if (heard.running && make_run(service, &heard) < 0)
		_exit(EXIT_LAUNCHER);
	life_resume(service, &heard.word.life);
	_exit(adopt(service, heard.running));
}

/* --- the supervisor's side ---------------------------------------------------------------- */

int janitor_start(struct service *service, struct error *err)
{
	const pid_t supervisor = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "create the socket to the janitor");
	if (service->writer)
		log_writer_share(service->writer, true);
	service->janitor = fork();
	if (service->janitor < 0) {
		int code = errno;

		close(ends[0]);
		close(ends[1]);
		return error_set(err, code, "fork the janitor");
	}
	if (service->janitor == 0)
		janitor_main(service, ends[0], supervisor);
	if (service->writer)
		log_writer_share(service->writer, false);
	close(ends[0]);
	service->janitor_fd = ends[1];
	/* Ours alone. Not to be set means only to wait for a stopped one. */
	(void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
	return 0;
}

static int on_janitor_gone(void *arg, short revents, struct error *err)
{
	struct service *service = arg;
	struct error failure = { 0 };

	(void)revents, (void)err;
	loop_remove(service->loop, &service->sources.janitor);
	fd_close(&service->janitor_fd);
	while (waitpid(service->janitor, NULL, 0) < 0 && errno == EINTR)
		;
	service->janitor = 0;
	if (janitor_start(service, &failure) < 0 || janitor_share(service, &failure) < 0 ||
	    janitor_watch(service, &failure) < 0) {
		error_print(STDERR_FILENO, &failure);
		janitor_dismiss(service, true); /* the run goes on without one, the next gets one */
		return 0;
	}
	service->record.standby = record_process_of(service->janitor);
	service_save(service);
	return 0;
}

int janitor_watch(struct service *service, struct error *err)
{
	service->sources.janitor =
		loop_add(service->loop, service->janitor_fd, POLLIN, ORDER_JANITOR, on_janitor_gone, service);
	return service->sources.janitor < 0 ? error_set(err, ENOSPC, "watch over the janitor") : 0;
}

int janitor_dismiss(struct service *service, bool is_clean)
{
	const struct word word = { .tag = WORD_RETRY };
	int status = -1;

	if (service->janitor <= 0)
		return -ESRCH;
	/* It has nothing to do any more, and does not hear that if somebody stopped it. */
	if ((is_clean || fd_send(service->janitor_fd, &word, sizeof(word), NULL, 0) < 0) &&
	    kill(service->janitor, SIGKILL) < 0)
		return is_clean ? 0 : -ECHILD; /* not to be waited for; it sees our end */
	fd_close(&service->janitor_fd);
	while (waitpid(service->janitor, &status, 0) < 0 && errno == EINTR)
		;
	service->janitor = 0;
	return is_clean || status == 0 ? 0 : -ECHILD;
}
