/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroups/systemd_bus.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"

enum { CALL_TIMEOUT_S = 25 };

static int job_removed(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
	struct systemd_job *job = userdata;
	const char *path, *unit, *result;
	uint32_t id;

	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (job->path[0] && str_equal(job->path, path))
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/*
 * The user's runtime directory. An engine may give us an empty environment in the user
 * namespace of a rootless container, where the uid is 0: its user is the one outside.
 */
static void runtime_dir(char *ret, size_t size)
{
	const char *given = secure_getenv("XDG_RUNTIME_DIR");
	unsigned int inside, outside = geteuid();
	FILE *map;

	if (given && given[0] == '/') {
		snprintf(ret, size, "%s", given);
		return;
	}
	map = fopen("/proc/self/uid_map", "re");
	if (map) {
		if (fscanf(map, "%u %u", &inside, &outside) != 2 || inside != geteuid())
			outside = geteuid();
		else if (inside == outside)
			outside = geteuid();
		fclose(map);
	}
	snprintf(ret, size, "/run/user/%u", outside);
}

/* The manager's own socket takes root and the user; what speaks there is no bus. */
static int open_private(const char *dir, sd_bus **ret)
{
	char address[512];
	sd_bus *bus;
	int r = sd_bus_new(&bus);

	if (r < 0)
		return r;
	snprintf(address, sizeof(address), "unix:path=%.480s/systemd/private", dir);
	r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

static int open_any(bool user, sd_bus **ret, bool *ret_direct)
{
	char dir[256];
	int r, direct;

	*ret_direct = false;
	if (!user) {
		r = sd_bus_open_system(ret);
		snprintf(dir, sizeof(dir), "/run");
	} else {
		runtime_dir(dir, sizeof(dir));
		if (!secure_getenv("XDG_RUNTIME_DIR"))
			setenv("XDG_RUNTIME_DIR", dir, 1);
		r = sd_bus_open_user(ret);
	}
	if (r >= 0)
		return 0;
	direct = open_private(dir, ret);
	*ret_direct = direct >= 0;
	return direct >= 0 ? 0 : r;
}

int systemd_bus_open(bool user, struct systemd_job *job, sd_bus **ret, struct error *err)
{
	bool direct;
	sd_bus *bus;
	int r = open_any(user, &bus, &direct);

	if (r < 0) {
		error_set(err, -r, "connect to %s", user ? "the user's systemd" : "systemd");
		if (user)
			return error_remedy(
				err, "a user manager must run (loginctl enable-linger) and XDG_RUNTIME_DIR "
				     "name its directory; or use the cgroupfs manager");
		return error_remedy(
			err,
			"the host must run systemd, and the caller be root; or use the cgroupfs manager");
	}
	sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT_S * UINT64_C(1000000));
	/* Sent before any call and answered in order: no job can end unseen, and nobody waits here. */
	r = sd_bus_match_signal_async(bus, NULL, direct ? NULL : SYSTEMD_SERVICE, SYSTEMD_PATH,
				      SYSTEMD_INTERFACE, "JobRemoved", job_removed, NULL, job);
	if (r < 0) {
		sd_bus_unref(bus);
		return error_set(err, -r, "listen to systemd's jobs");
	}
	*ret = bus;
	return 0;
}

/*
 * systemd's own words, but not where they are the C library's for an errno: engines search messages
 * for these and draw conclusions about the container's command.
 */
static void describe(const sd_bus_error *error, int r, const char *what, struct error *err)
{
	if (error->message && error->name && str_starts(error->name, SYSTEMD_SERVICE "."))
		error_set(err, -r, "%s: %s", what, error->message);
	else if (error->message && error->name && str_starts(error->name, "org.freedesktop.DBus.Error.") &&
		 !strstr(error->name, "AccessDenied") && !strstr(error->message, strerror(-r)))
		error_set(err, -r, "%s: %s", what, error->message);
	else
		error_set(err, -r, "%s", what);
	if (-r == EACCES || -r == EPERM)
		error_remedy(err, "systemd refuses this caller: be root, or use the user's own manager");
}

static int answer(const sd_bus_error *error)
{
	static const struct {
		const char *name;
		enum systemd_answer answer;
	} known[] = {
		{ SYSTEMD_SERVICE ".UnitExists", SYSTEMD_UNIT_EXISTS },
		{ SYSTEMD_SERVICE ".NoSuchUnit", SYSTEMD_NO_UNIT },
		{ SD_BUS_ERROR_PROPERTY_READ_ONLY, SYSTEMD_NO_PROPERTY },
		{ SD_BUS_ERROR_UNKNOWN_PROPERTY, SYSTEMD_NO_PROPERTY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (sd_bus_error_has_name(error, known[i].name))
			return known[i].answer;
	return SYSTEMD_DONE;
}

int systemd_bus_call(sd_bus *bus, sd_bus_message *message, const char *what, char *ret_path,
		     struct error *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *path = "";
	int r = sd_bus_call(bus, message, 0, &error, &reply);

	if (r < 0) {
		int known = answer(&error);

		describe(&error, r, what, err);
		sd_bus_error_free(&error);
		return known != SYSTEMD_DONE ? known : r;
	}
	if (ret_path) {
		r = sd_bus_message_read(reply, "o", &path);
		if (r >= 0 && strlen(path) >= sizeof(((struct systemd_job *)0)->path))
			r = -ENAMETOOLONG;
		if (r >= 0)
			strcpy(ret_path, path);
	}
	sd_bus_message_unref(reply);
	return r < 0 ? error_set(err, -r, "%s: read the reply", what) : SYSTEMD_DONE;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int systemd_bus_wait(sd_bus *bus, struct systemd_job *job, unsigned int timeout_s, const char *what,
		     struct error *err)
{
	uint64_t deadline = now_us() + timeout_s * UINT64_C(1000000);

	while (!job->result[0]) {
		uint64_t now = now_us();
		int r = sd_bus_process(bus, NULL);

		if (r == 0 && now >= deadline) {
			error_set(err, ETIMEDOUT, "%s: systemd's job takes more than %u s", what, timeout_s);
			return error_remedy(err, "see \"systemctl list-jobs\" for what it waits for");
		}
		if (r == 0)
			r = sd_bus_wait(bus, deadline - now);
		if (r < 0 && r != -EINTR)
			return error_set(err, -r, "%s: wait for systemd's job", what);
	}
	return 0;
}
