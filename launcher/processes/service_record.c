/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a service says about itself: launcher/service/record.h, filled. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/host.h"
#include "launcher/processes/service.h"
#include "launcher/run.h"
#include "launcher/service/events.h"
#include "launcher/state.h"
#include "profiles/show.h"

uint64_t service_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void service_save(struct service *service)
{
	struct error err = { 0 };

	if (record_write(service->base->state_fd, &service->record, &err) == 0) {
		service->save_failed = false;
		return;
	}
	if (!service->save_failed)
		error_print(service_stderr(), &err);
	service->save_failed = true;
}

void service_save_profile(const struct service *service)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct json *tree = arena && service->spec.tree ? show_resolve(&service->spec, arena) : NULL;
	const struct show_style plain = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = tree ? open_memstream(&text, &size) : NULL;

	if (!out)
		return;
	show_print(out, tree, &plain);
	/* Only inspect reads it, and says when it is missing. */
	if (fclose(out) == 0 && state_write_file(service->base->state_fd, "profile.json", text, size) < 0)
		unlinkat(service->base->state_fd, "profile.json.new", 0);
	free(text);
}

static int make_id(char id[RECORD_ID_SIZE], struct error *err)
{
	unsigned char bytes[(RECORD_ID_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set(err, errno, "choose a random id");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* "a b c", cut where it does not fit. */
static void join(char *buffer, size_t size, const struct spec_strings *strings)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < strings->n && used < size - 1; i++)
		used += (size_t)snprintf(buffer + used, size - used, "%s%s", i ? " " : "", strings->items[i]);
}

static void join_pairs(char *buffer, size_t size, const struct spec_pairs *pairs)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < pairs->n && used < size - 1; i++)
		used += (size_t)snprintf(buffer + used, size - used, "%s%s=%s", i ? "," : "",
					 pairs->items[i].name, pairs->items[i].value);
}

static const char *driver_name(enum spec_log_driver driver)
{
	static const char *const names[] = {
		[SPEC_LOG_JSON_FILE] = "json-file", [SPEC_LOG_JOURNALD] = "journald",
		[SPEC_LOG_SYSLOG] = "syslog",       [SPEC_LOG_CRI] = "cri",
		[SPEC_LOG_SOCKET] = "socket",       [SPEC_LOG_PASSTHROUGH] = "passthrough",
		[SPEC_LOG_NONE] = "none",
	};

	return names[driver];
}

static const char *network_name(enum spec_network network)
{
	static const char *const names[] = {
		[SPEC_NETWORK_NONE] = "none",
		[SPEC_NETWORK_LOOPBACK] = "loopback",
		[SPEC_NETWORK_HOST] = "host",
		[SPEC_NETWORK_JOIN] = "join",
	};

	return names[network];
}

static void fill_texts(struct service *service, struct record *record)
{
	const struct spec *spec = &service->spec;
	char *absolute = spec->file ? realpath(spec->file, NULL) : NULL;
	bool filed = spec->log.driver == SPEC_LOG_JSON_FILE || spec->log.driver == SPEC_LOG_CRI;

	snprintf(record->name, sizeof(record->name), "%s", spec->name);
	snprintf(record->profile, sizeof(record->profile), "%s", absolute ? absolute : spec->file);
	free(absolute);
	join(record->command, sizeof(record->command), &spec->command);
	join_pairs(record->labels, sizeof(record->labels), &spec->labels);
	snprintf(record->rootfs, sizeof(record->rootfs), "%s", spec->rootfs);
	snprintf(record->log_driver, sizeof(record->log_driver), "%s", driver_name(spec->log.driver));
	if (filed && service->log.path)
		snprintf(record->log_path, sizeof(record->log_path), "%s", service->log.path);
	events_path(service->host, spec->name, record->events_path, sizeof(record->events_path));
	snprintf(record->user, sizeof(record->user), "%u:%u", spec->user.uid, spec->user.gid);
	snprintf(record->network, sizeof(record->network), "%s", network_name(spec->network));
}

int service_record_new(struct service *service, struct error *err)
{
	struct record *record = &service->record;
	char boot_id[64];

	*record = (struct record){
		.status = RECORD_STARTING,
		.detached = service->detached,
		.remove = service->remove,
		.created_ns = service_now_ns(),
		.supervisor = record_process_of(getpid()),
		.standby = record_process_of(service->janitor),
	};
	if (fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id)) > 0)
		snprintf(record->boot_id, sizeof(record->boot_id), "%.36s", boot_id);
	fill_texts(service, record);
	if (make_id(record->id, err) < 0)
		return -err->code;
	service->log.id = record->id;
	return 0;
}

void service_record_run(struct service *service)
{
	const struct cgroup_place *place = &service->host->place;
	const struct spec_limits *limits = &service->spec.limits;
	struct record *record = &service->record;
	const struct run *run = service->run;

	record->init = record_process_of(run->init_pid);
	record->payload_pid = run->payload_pid;
	record->host_id = run->host_id;
	record->memory_bytes = limits->memory_bytes;
	record->pids = limits->pids;
	record->cpu_cores = limits->cpu_cores;
	if (run->cgroup_fd >= 0 &&
	    (size_t)snprintf(record->cgroup, sizeof(record->cgroup), "%s%s/%s", place->mount, place->parent,
			     run->id) >= sizeof(record->cgroup))
		record->cgroup[0] = '\0';
}
