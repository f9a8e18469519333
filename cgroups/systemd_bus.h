/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The helper's connection to the manager, org.freedesktop.systemd1(5), through sd-bus(3).
 */
#include <stdbool.h>

#include "base/macro.h"

struct error;
struct sd_bus;
struct sd_bus_message;

#define SYSTEMD_SERVICE   "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"

enum systemd_answer { SYSTEMD_DONE, SYSTEMD_UNIT_EXISTS, SYSTEMD_NO_UNIT, SYSTEMD_NO_PROPERTY };

/* The end of a job: JobRemoved of all jobs is listened to before the first one is asked for. */
struct systemd_job {
	char path[128];  /* "": none is waited for */
	char result[32]; /* "": still running */
};

/**
 * systemd_bus_open() - connect to the system's manager or the user's own
 * @job: is told of every job that ends, as long as the connection lasts
 *
 * Through the message bus; where there is none, through the manager's own socket. In a user
 * namespace too: sd-bus names no uid, the manager takes the kernel's word (SO_PEERCRED).
 * Return: 0 or -errno with *err filled.
 */
int systemd_bus_open(bool user, struct systemd_job *job, struct sd_bus **ret, struct error *err) _must_check_;

/**
 * systemd_bus_call() - call a method of the manager and wait for its reply
 * @what: for messages: "start the scope x"
 * @ret_path: 128 bytes, the object path in the reply; NULL: not of interest
 *
 * Return: an enum systemd_answer, or -errno with *err filled; *err is filled, too, for the answers
 * that are not SYSTEMD_DONE.
 */
int systemd_bus_call(struct sd_bus *bus, struct sd_bus_message *message, const char *what, char *ret_path,
		     struct error *err) _must_check_;

/**
 * systemd_bus_wait() - wait for job->path to end, at most @timeout_s
 *
 * Return: 0 with job->result filled, or -errno with *err filled.
 */
int systemd_bus_wait(struct sd_bus *bus, struct systemd_job *job, unsigned int timeout_s, const char *what,
		     struct error *err) _must_check_;
