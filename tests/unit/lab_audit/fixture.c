/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"
#include "profiles/merge.h"
#include "profiles/profile.h"
#include "profiles/source.h"

static const char status[] =
	"Name:\tbox\nUmask:\t0077\nState:\tS (sleeping)\nPid:\t42\n"
	"Uid:\t200000\t200000\t200000\t200000\nGid:\t200000\t200000\t200000\t200000\nGroups:\t \nNSpid:\t42\t2\n"
	"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n"
	"CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
	"CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

static const char limits[] =
	"Limit                     Soft Limit           Hard Limit           Units     \n"
	"Max file size             16777216             16777216             bytes     \n"
	"Max core file size        1                    1                    bytes     \n"
	"Max open files            256                  256                  files     \n"
	"Max locked memory         0                    0                    bytes     \n";

static const char mounts[] =
	"43 44 254:0 /srv/box / ro,nosuid,nodev,relatime - ext4 /dev/vda rw\n"
	"69 43 0:41 / /proc rw,nosuid,nodev,noexec - proc none rw,hidepid=invisible,subset=pid\n"
	"70 43 0:42 / /dev ro,nosuid,noexec - tmpfs none rw,size=64k\n"
	"71 70 0:6 /null /dev/null rw,nosuid,noexec - devtmpfs devtmpfs rw,size=4k\n"
	"72 43 0:43 / /scratch\\040space rw,nosuid,nodev,noexec - tmpfs none rw,size=64k\n";

static const char host_mounts[] = "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
				  "2 1 0:21 / /proc rw - proc proc rw\n"
				  "3 1 0:6 / /dev rw - devtmpfs devtmpfs rw\n"
				  "4 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n";

static const char steps[] =
	"landlock\tseal\tholds\tABI 7\nmemory-execution\tpriv\tholds\tPR_GET_MDWE 1\n"
	"capabilities\tpriv\tholds\tsecurebits ef locked\nkeyring\tpriv\tholds\tkeyring 1\n"
	"undumpable\tpriv\tholds\tPR_GET_DUMPABLE 0\nseccomp\tseal\tholds\tSeccomp 2\n"
	"nested-namespaces\tmount\tholds\t0\nexec-once\tpriv\tholds\tdescriptor 256\n";

#define NET_HEAD                                                                                             \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

static const struct {
	const char *file, *text;
} files[] = {
	{ "passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n" },
	{ "steps", steps },
	{ "profile", "{}" },
	{ "proc/self/mountinfo", host_mounts },
	{ "proc/self/net/tcp", NET_HEAD },
	{ "proc/sys/kernel/unprivileged_bpf_disabled", "2\n" },
	{ "proc/sys/kernel/kptr_restrict", "1\n" },
	{ "proc/sys/kernel/dmesg_restrict", "1\n" },
	{ "proc/sys/dev/tty/legacy_tiocsti", "0\n" },
	{ "proc/42/comm", "box\n" },
	{ "proc/42/status", status },
	{ "proc/42/limits", limits },
	{ "proc/42/mountinfo", mounts },
	{ "proc/42/uid_map", "     65532     200000          1\n" },
	{ "proc/42/gid_map", "     65532     200000          1\n" },
	{ "proc/42/attr/current", "box-profile (enforce)\n" },
	{ "proc/42/personality", "00000000\n" },
	{ "proc/42/oom_score_adj", "0\n" },
	{ "proc/42/stat", "42 (a) b) S 1 42 42 0 -1 4194304 54\n" },
	{ "proc/42/cgroup", "0::/box\n" },
	{ "proc/42/environ", "PATH=/bin" },
	{ "proc/42/cmdline", "/bin/box" },
	{ "proc/42/maps", "00400000-00401000 r-xp 00000000 fe:00 1 /bin/box\n" },
	{ "proc/42/fdinfo/3", "pos:\t0\nflags:\t02\nmnt_id:\t15\n" },
	{ "proc/42/net/dev", "Inter-|   Receive\n face |bytes\n    lo:       0       0\n" },
	{ "proc/42/net/tcp", NET_HEAD },
	{ "proc/42/root/bin/box", "x" },
	{ "cgroups/box/memory.max", "67108864\n" },
	{ "cgroups/box/memory.swap.max", "0\n" },
	{ "cgroups/box/memory.oom.group", "1\n" },
	{ "cgroups/box/pids.max", "16\n" },
	{ "cgroups/box/cpu.max", "50000 100000\n" },
	{ "cgroups/box/io.max", "8:0 rbps=max wbps=10000000 riops=max wiops=max\n" },
	{ "cgroups/box/cgroup.max.descendants", "0\n" },
	{ "cgroups/box/cgroup.procs", "42\n" },
	{ "cgroups/memory.max", "max\n" },
};

static const char *const namespaces[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time" };

/* Opens @file below the fixture for writing, with the directories that it needs. */
static int create(const struct fixture *fixture, const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fixture->path, file);
	for (char *at = path + strlen(fixture->path) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		mkdir(path, 0755);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	cr_assert(fd >= 0, "create %s: %d", path, errno);
	return fd;
}

static void put(const struct fixture *fixture, const char *file, const char *text)
{
	int fd = create(fixture, file);

	cr_assert(fd_write_all(fd, text, strlen(text)) == 0);
	close(fd);
}

static void put_link(const struct fixture *fixture, const char *file, const char *target)
{
	char path[256];

	/* Makes the directories. */
	close(create(fixture, file));
	snprintf(path, sizeof(path), "%s/%s", fixture->path, file);
	cr_assert(unlink(path) == 0 && symlink(target, path) == 0, "link %s", path);
}

void fixture_change(const struct fixture *fixture, const char *file, const char *from, const char *to)
{
	char path[256], text[8192], changed[16384], *at;

	if (file[0] == '@') {
		snprintf(path, sizeof(path), "rm -rf '%s/%s'", fixture->path, file + 1);
		cr_assert(eq(int, system(path), 0)); /* names of this file, below what mkdtemp() made */
		put_link(fixture, file + 1, to);
		return;
	}
	if (!from) {
		put(fixture, file, to);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", fixture->path, file);
	cr_assert(fd_read_file(AT_FDCWD, path, text, sizeof(text)) > 0, "read %s", path);
	at = strstr(text, from);
	cr_assert(at != NULL, "%s has no %s", file, from);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	put(fixture, file, changed);
}

/* Nothing in it is weak, as far as a profile can say. */
static const char hard[] =
	"{ \"kapsel\": 1, \"name\": \"box\", \"rootfs\": \"/srv/box\", \"command\": [\"/bin/box\"],"
	" \"description\": \"a test\", \"labels\": { \"owner\": \"alice\" },"
	" \"limits\": { \"io\": { \"8:0\": { \"write_bps\": \"10MB\" } } },"
	" \"apparmor\": \"box-profile\", \"secrets\": { \"key\": { \"source\": \"/etc/key\" } },"
	" \"health\": { \"command\": [\"/bin/box\"] } }";

static struct json *parse(struct arena *arena, struct findings *findings, const char *text)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct json *root = NULL;

	*source = (struct source){ .name = "box.kapsel.jsonc", .text = text, .size = strlen(text) };
	cr_assert(eq(int, json_parse(source, JSON_COMMENTS, arena, findings, &root), 0), "%s", text);
	return root;
}

static char *print(struct arena *arena, const struct json *tree)
{
	char *text = NULL, *copy;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	json_print_value(out, tree, 0);
	fclose(out);
	copy = arena_strdup(arena, text);
	free(text);
	return copy;
}

const struct spec *fixture_spec(struct arena *arena, const char *more)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct json *tree = parse(arena, findings, hard);
	struct vocabulary vocabulary;
	const struct profile_options options = { .vocabulary = &vocabulary };
	const struct spec *spec = NULL;
	char *text;

	vocabulary_fill(&vocabulary);
	cr_assert(eq(int, merge_apply(tree, parse(arena, findings, more), arena), 0));
	text = print(arena, tree);
	*source = (struct source){ .name = "box.kapsel.jsonc", .text = text, .size = strlen(text) };
	cr_expect(eq(int, profile_read_text(source, &options, arena, findings, &spec), 0), "%s: %s", more,
		  findings->n ? findings->items[0].message : "");
	return spec;
}

static void fill(struct fixture *fixture)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(fixture, files[i].file, files[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		snprintf(path, sizeof(path), "proc/self/ns/%s", namespaces[i]);
		put_link(fixture, path, "x:[1]");
		snprintf(path, sizeof(path), "proc/42/ns/%s", namespaces[i]);
		put_link(fixture, path, "x:[2]");
	}
	put_link(fixture, "proc/42/fd/0", "/dev/null");
	put_link(fixture, "proc/42/fd/3", "socket:[777]");
}

struct fixture *fixture_open(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	cr_assert(fixture != NULL);
	strcpy(fixture->path, "/tmp/kapsel-audit-XXXXXX");
	cr_assert(mkdtemp(fixture->path) != NULL);
	umask(0022);
	snprintf(fixture->proc, sizeof(fixture->proc), "%s/proc", fixture->path);
	snprintf(fixture->cgroups, sizeof(fixture->cgroups), "%s/cgroups", fixture->path);
	snprintf(fixture->passwd, sizeof(fixture->passwd), "%s/passwd", fixture->path);
	fixture->arena = arena_new();
	fixture->source = (struct facts_source){ fixture->proc, fixture->cgroups, "/", fixture->passwd };
	fill(fixture);
	fixture->declared = (struct audit_declared){
		.spec = fixture_spec(fixture->arena, "{}"),
		.passwd = fixture->passwd,
		.file_mode = 0644,
		.root_fd = -1,
	};
	return fixture;
}

void fixture_close(struct fixture *fixture)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", fixture->path);
	cr_assert(eq(int, system(command), 0)); /* a fixed name that mkdtemp() made */
	arena_free(fixture->arena);
	free(fixture);
}

int fixture_read(struct fixture *fixture, struct assessment *ret, struct error *err)
{
	char path[64], *text = arena_alloc(fixture->arena, 4096);
	int r = facts_read(&fixture->source, FIXTURE_PID, fixture->arena, &fixture->facts, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/steps", fixture->path);
	cr_assert(fd_read_file(AT_FDCWD, path, text, 4096) >= 0);
	facts_take_steps(&fixture->facts, text);
	fixture->facts.declared = &fixture->declared;
	assessment_make(&fixture->declared, &fixture->facts, ret);
	return 0;
}

const struct result *fixture_result(const struct assessment *assessment, const char *id)
{
	for (size_t i = 0; i < assessment->n; i++)
		if (str_equal(assessment->results[i].check->id, id))
			return &assessment->results[i];
	cr_assert(false, "no row %s", id);
	return NULL;
}
