/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A service: what outlives the single run of its workload. One process looks after it, and a second
 * one, the janitor, stands by in case that the first is killed. Files:
 *
 *	service.c     its life: start, run, back-off, start again
 *	service_end.c the end of a run, and of all
 *	supervisor.c  one run: the poll loop's functions; supervisor_output.c those of the log
 *	requests.c    what others ask for over the control socket
 *	janitor.c     the process that stands by
 *	adopt.c       what it does when the supervisor was killed
 *	life.c        what it has to know for that, and no file says
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macro.h"
#include "cgroups/cgroup.h"
#include "launcher/backoff.h"
#include "launcher/logs/log_writer.h"
#include "launcher/payload_environment.h"
#include "launcher/processes/processes.h"
#include "launcher/service/record.h"
#include "profiles/spec.h"

struct arena;
struct counters;
struct events;
struct extra;
struct health;
struct host;
struct loop;
struct plan;
struct proof;
struct ready;
struct run;

enum { SERVICE_CLIENTS_MAX = 24 };

/* Somebody who asked for something and waits for the answer. */
struct service_client {
	struct service *service;
	int sock; /* -1: the place is free */
	int source;
	uint64_t since_ms; /* connected */
	enum client_wants {
		CLIENT_UNDECIDED, /* its request did not come yet */
		CLIENT_END,       /* an answer when the service has ended */
		CLIENT_RESTART,   /* when it runs again */
		CLIENT_EXTRA,     /* when the process that it had let in has ended */
	} wants;
	struct extra *extra;
};

/* The sources and timers of the loop, -1 where not in use. */
struct service_sources {
	/* Of the service. */
	int signals, listener, janitor, compress;
	int log_timer, backoff_timer, watchdog_timer, accept_timer;
	/* Of one run. */
	int control, out, err, denied, init, executed, memory;
	int stop_timer, runtime_timer;
};

/* What the standby must know of a supervisor that was killed; plain values, and pointers that both have. */
struct life {
	bool started;       /* there was a first run: not all of it is left over */
	bool over, restart; /* of struct service */
	uint64_t stop_at_ms, oom_kills;
	struct ending ending;
	struct backoff backoff;
	struct spec_limits limits;
};

struct service {
	/* From the beginning to the end. */
	struct spec spec; /* a copy: update changes the limits */
	const struct host *host;
	const struct plan *plan;
	struct arena *arena;
	struct run *base; /* not a run: the name, the place and the locks, for state.h */
	struct payload_environment environment;
	bool quiet, detached, remove;
	int report_fd;             /* -1; run -d: who waits for the start */
	struct proof *proof;       /* shared with the janitor */
	struct log_writer *writer; /* NULL where the driver takes no pipes; shared with the janitor */
	struct log_options log;
	struct events *events;
	struct counters *counters;
	struct record record;
	struct loop *loop;
	struct service_sources sources;
	int signal_fd, listener_fd;
	int kept_listen_fds[24]; /* bound once, for every run */
	pid_t janitor;
	int janitor_fd;

	/* Requests. */
	struct service_client clients[SERVICE_CLIENTS_MAX];
	bool over;    /* an end was asked for: no next run */
	bool restart; /* the next run was asked for */

	/* One run. */
	struct arena *run_arena;
	struct run *run; /* NULL: none */
	struct ending ending;
	struct error failure; /* code 0: none; else why the start failed after all */
	struct health *health;
	struct ready *ready;
	uint64_t began_ms, drain_began_ms;
	uint64_t stop_at_ms; /* when a stop uses force */
	bool executed, init_gone;
	bool log_broken, save_failed; /* said once */
	uint64_t log_dropped;         /* as last told */
	uint64_t oom_kills;           /* of this run, as last told */
	size_t denials_told;
	uint64_t denied_told;

	struct backoff backoff;
	int status; /* of the last end */
};

/** service_init() - no descriptor, no source. */
void service_init(struct service *service);

/** service_run() - the whole life. Prints what goes wrong. Return: the exit status for the caller. */
int service_run(struct service *service);

/** service_take_over() - for the janitor: go on with the run that it was told of, or, without one, with the
 * back-off. As service_run(). */
int service_take_over(struct service *service);

/** service_new_run() - an empty run of the service, with its arena. 0 or -errno. */
int service_new_run(struct service *service, struct error *err);

/** service_open_files() - counters, events, the loop and the control socket. 0 or -errno. */
int service_open_files(struct service *service, struct error *err);

/** service_began() - the workload executes: record, event, and all who wait for that. */
void service_began(struct service *service);

/** service_is_ready() - READY=1, or that it began where nothing more is expected. */
void service_is_ready(struct service *service);

/** service_tell_manager() - the service manager above, if there is one, shows this as the status. */
void service_tell_manager(const struct service *service);

/** service_finish_run() - all that one end needs: counts, last line, record, events; nothing of the run is
 * left.
 */
void service_finish_run(struct service *service);

/** service_fail_run() - the same for a start that failed: service->failure says why. */
void service_fail_run(struct service *service);

/** service_drop_run() - forget the run, and close what is open of it. */
void service_drop_run(struct service *service);

/** service_give_up() - the first start failed: only the message stays, and its event. Return: the exit
 * status. */
int service_give_up(struct service *service, const struct error *err);

/** service_leave() - the end of all: record, waiting clients, files, state. Return: the exit status. */
int service_leave(struct service *service);

/** service_record_new() - fill the record with what is known before the first run. 0 or -errno. */
int service_record_new(struct service *service, struct error *err);

/** service_record_run() - what the run has added. */
void service_record_run(struct service *service);

/**
 * service_stderr() - where messages go while something is looked after
 *
 * A pipe that nobody reads or a terminal that was stopped would hold up restarts, health checks and stops.
 * Return: STDERR_FILENO, or -1, which takes everything, where a message would have to wait.
 */
int service_stderr(void);

/** service_save() - write the record; a failure is told once on stderr. */
void service_save(struct service *service);

/** service_save_profile() - write profile.json, for inspect. */
void service_save_profile(const struct service *service);

/** service_now_ns() - Return: CLOCK_REALTIME in nanoseconds. */
uint64_t service_now_ns(void);

/** supervisor_attach() - put the run's descriptors into the loop. 0 or -errno. */
int supervisor_attach(struct service *service, struct error *err);

/** supervisor_detach() - take them out and close the streams. */
void supervisor_detach(struct service *service);

/** supervisor_wait() - look after the run until it has ended. A failure of ours ends it, too. */
void supervisor_wait(struct service *service);

/**
 * supervisor_stop() - end the workload by its stop signal, and by force after @timeout_ms; again: by force
 */
void supervisor_stop(struct service *service, enum stop_cause cause, uint64_t timeout_ms);

/** supervisor_kill_all() - at once. */
void supervisor_kill_all(struct service *service);

/** requests_listen() - open the control socket and put it into the loop. 0 or -errno. */
int requests_listen(struct service *service, struct error *err);

/** requests_close() - no new ones; those that wait stay. */
void requests_close(struct service *service);

/** requests_answer() - answer everybody who waits for this. */
void requests_answer(struct service *service, enum client_wants wants, int64_t number, const char *text);

/** janitor_start() - fork it; with @service as it is now. 0 or -errno. */
int janitor_start(struct service *service, struct error *err);

/** janitor_share() - give it the locks, and the run's descriptors where there is one. 0 or -errno. */
int janitor_share(struct service *service, struct error *err);

/** janitor_watch() - start another one when it dies. 0 or -errno. */
int janitor_watch(struct service *service, struct error *err);

/** janitor_tell() - tell it what life_of() says: the next supervisor must know it. Wakes it. */
void janitor_tell(struct service *service);

/** life_of() - what is to be told. */
struct life life_of(const struct service *service);

/** life_take() - in the standby: what belongs to the service, run or no run. */
void life_take(struct service *service, const struct life *life);

/** life_resume() - in the standby: what belongs to one run, or to its end; after service_new_run(). */
void life_resume(struct service *service, const struct life *life);

/** life_go_on() - in the standby, after supervisor_attach(): a stop under way, and what health was. */
void life_go_on(struct service *service);

/** janitor_idle() - the run is over and cleaned up. */
void janitor_idle(struct service *service);

/**
 * janitor_dismiss() - let it go and reap it
 * @is_clean: all is clean; else it tries once more
 *
 * Return: 0: all is clean; -ESRCH, -ECHILD: there is none, or it failed as well.
 */
int janitor_dismiss(struct service *service, bool is_clean);

/**
 * adopt() - in the janitor: the supervisor died
 * @running: service->run has the descriptors of its run
 *
 * Ends the service or goes on with it, as the profile says. Return: the exit status.
 */
int adopt(struct service *service, bool running);
