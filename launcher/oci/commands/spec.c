/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/commands/command.h"
#include "launcher/oci/commands/output.h"

/* The pieces of the file, compact; output_json() breaks the lines. */
#define CAPABILITIES "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const char process[] =
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],"
	"\"cwd\":\"/\",\"capabilities\":{\"bounding\":" CAPABILITIES ",\"effective\":" CAPABILITIES
	",\"permitted\":" CAPABILITIES
	"},\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"kapsel\",";

static const char mounts[] =
	"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"%s]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},%s"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],";

static const char sysfs[] = "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
			    "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},";

/* A new sysfs needs rights over the network namespace that is kept here: bind the host's, read-only. */
static const char sysfs_bind[] = "{\"destination\":\"/sys\",\"type\":\"none\",\"source\":\"/sys\","
				 "\"options\":[\"rbind\",\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},";

static const char host_linux[] =
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
	"{\"type\":\"mount\"},{\"type\":\"cgroup\"}],";

static const char rootless_linux[] =
	"\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}],"
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}],"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"},"
	"{\"type\":\"cgroup\"},{\"type\":\"user\"}],";

static const char paths[] =
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/interrupts\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\","
	"\"/sys/devices/virtual/powercap\",\"/sys/firmware\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]}}";

static void print_spec(FILE *out, bool rootless)
{
	fputs(process, out);
	/* tty's group does not exist in a user namespace with one id. */
	fprintf(out, mounts, rootless ? "" : ",\"gid=5\"", rootless ? sysfs_bind : sysfs);
	if (rootless)
		fprintf(out, rootless_linux, (unsigned int)geteuid(), (unsigned int)getegid());
	else
		fputs(host_linux, out);
	fputs(paths, out);
}

static char *compose(bool rootless)
{
	char *compact = NULL, *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&compact, &size);

	if (!out)
		return NULL;
	print_spec(out, rootless);
	if (fclose(out) != 0) {
		free(compact);
		return NULL;
	}
	out = open_memstream(&text, &size);
	if (out) {
		output_json(out, compact);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(compact);
	return text;
}

static int write_spec(const char *bundle, const char *text, struct error *err)
{
	_cleanup_fd_ int dir_fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd = -1;
	int r;

	if (dir_fd < 0)
		return error_set(err, errno, "open the bundle %s", bundle);
	fd = openat(dir_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST) {
		error_set(err, EEXIST, "file config.json exists");
		return error_remedy(err, "remove it first");
	}
	if (fd < 0)
		return error_set(err, errno, "create %s/config.json", bundle);
	r = fd_write_all(fd, text, strlen(text));
	if (r == 0)
		return 0;
	unlinkat(dir_fd, "config.json", 0);
	return error_set(err, -r, "write %s/config.json", bundle);
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	struct oci_parse parse;
	struct error err = { 0 };
	const char *bundle;
	int status, r;
	char *text;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	bundle = oci_option_value(&parse, "bundle");
	text = compose(oci_option_value(&parse, "rootless") != NULL);
	r = text ? write_spec(bundle ? bundle : ".", text, &err)
		 : error_set(&err, ENOMEM, "compose config.json");
	free(text);
	return r < 0 ? oci_report(globals, &err) : 0;
}

static const struct oci_option options[] = {
	{ "bundle", 'b', "DIR", "write it there (default: the working directory)" },
	{ "rootless", 0, NULL, "for a caller without rights over the host" },
	{ 0 },
};

const struct oci_command oci_command_spec = {
	.name = "spec",
	.usage = "[--bundle DIR] [--rootless]",
	.summary = "Writes an example of a config.json, which runs a shell in rootfs.",
	.options = options,
	.stateless = true,
	.failure = 1,
	.run = run,
};
