/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"

enum {
	STAGE_MAPPED_ROOT = 700000, /* the host id of uid 0 where a profile maps a range from there */
	STAGE_BACKLOG = 128,
	STAGE_STRANGER = 4242,
};

static int copy_file(int from, int root, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	struct stat st;
	off_t at = 0;

	if (fd < 0 || fstat(from, &st) < 0)
		return error_set(err, errno, "create %s in the lab's root file system", name);
	while (at < st.st_size) {
		ssize_t n = sendfile(fd, from, &at, (size_t)(st.st_size - at));

		if (n <= 0)
			return error_set(err, n < 0 ? errno : EIO, "copy the probe program to %s", name);
	}
	return fchmod(fd, 0755) < 0 ? error_set(err, errno, "make %s executable", name) : 0;
}

/* What a hostile image would bring along; as a plain user none of it can be made, and kapsel refuses it
 * anyway. */
static int plant_privileges(int root, struct error *err)
{
	/* cap_net_raw+ep, as setcap(8) writes it: struct vfs_cap_data, version 2. */
	static const unsigned int capability[] = { 0x02000001, 1U << 13, 0, 0, 0 };
	_cleanup_fd_ int fd = openat(root, "probe/filecap", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsetxattr(fd, "security.capability", capability, sizeof(capability), 0) < 0)
		return error_set(err, errno, "give a file capabilities");
	if (fchownat(root, "probe/setuid", STAGE_MAPPED_ROOT, STAGE_MAPPED_ROOT, 0) < 0 ||
	    fchmodat(root, "probe/setuid", 04755, 0) < 0)
		return error_set(err, errno, "make a setuid program");
	if (mknodat(root, "probe/block-node", S_IFBLK | 0666, makedev(7, 0)) < 0 ||
	    mknodat(root, "probe/char-node", S_IFCHR | 0666, makedev(1, 3)) < 0 ||
	    fchmodat(root, "probe/block-node", 0666, 0) < 0 || fchmodat(root, "probe/char-node", 0666, 0) < 0)
		return error_set(err, errno, "make device nodes");
	return 0;
}

static int make_root(struct stage *stage, const char *program, struct error *err)
{
	static const char *const directories[] = { "bin", "dev", "etc", "proc", "sys",
						   "tmp", "run", "mnt", "probe" };
	static const char *const copies[] = { "kapsel-probe", "probe/other", "probe/setuid",
					      "probe/filecap" };
	static const char passwd[] = "root:x:0:0::/:/bin/sh\n";
	_cleanup_fd_ int from = open(program, O_RDONLY | O_CLOEXEC), root = -1, file = -1;

	if (from < 0)
		return error_set(err, errno, "open the probe program %s", program);
	if (mkdir(stage->rootfs, 0755) == 0)
		root = open(stage->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fchmod(root, 0755) < 0)
		return error_set(err, errno, "make the lab's root file system");
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdirat(root, directories[i], 0755) < 0 || fchmodat(root, directories[i], 0755, 0) < 0)
			return error_set(err, errno, "make /%s of the lab's root file system",
					 directories[i]);
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		if (copy_file(from, root, copies[i], err) < 0)
			return -err->code;
	file = openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file < 0 || fd_write_all(file, passwd, sizeof(passwd) - 1) < 0 || fchmod(file, 0644) < 0)
		return error_set(err, errno, "make /etc/passwd of the lab's root file system");
	return stage->sandbox->own_users ? 0 : plant_privileges(root, err);
}

/* Somebody else's process, to be found and signalled. Its number must not be one of the container's own few.
 */
static int start_stranger(struct stage *stage, struct error *err)
{
	pid_t number = STAGE_STRANGER;
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&number,
		.set_tid_size = 1,
	};

	stage->stranger = sys_clone3(&args);
	if (stage->stranger < 0)
		return error_set(err, errno, "start the lab's other process");
	if (stage->stranger == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	return 0;
}

static int open_port(struct stage *stage, struct error *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	stage->port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (stage->port < 0 || bind(stage->port, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(stage->port, STAGE_BACKLOG) < 0 ||
	    getsockname(stage->port, (struct sockaddr *)&address, &size) < 0)
		return error_set(err, errno, "listen on the lab's port");
	stage->port_number = ntohs(address.sin_port);
	return 0;
}

static int open_abstract(struct stage *stage, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(STAGE_ABSTRACT);

	memcpy(address.sun_path + 1, STAGE_ABSTRACT, length);
	stage->abstract = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (stage->abstract < 0 ||
	    bind(stage->abstract, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) < 0 ||
	    listen(stage->abstract, STAGE_BACKLOG) < 0)
		return error_set(err, errno, "listen on the lab's abstract socket");
	return 0;
}

int stage_set(struct stage *ret, struct sandbox *sandbox, const char *kapsel, const char *program,
	      struct error *err)
{
	int r;

	*ret = (struct stage){
		.kapsel = kapsel, .sandbox = sandbox, .stranger = -1, .port = -1, .abstract = -1
	};
	for (size_t i = 0; i < STAGE_DESCRIPTORS; i++)
		ret->descriptors[i] = -1;
	snprintf(ret->rootfs, sizeof(ret->rootfs), "%s/rootfs", sandbox->directory);
	r = host_probe(&ret->host, err);
	if (r == 0)
		r = make_root(ret, program, err);
	if (r == 0)
		r = open_port(ret, err);
	if (r == 0)
		r = open_abstract(ret, err);
	if (r == 0)
		r = start_stranger(ret, err);
	for (size_t i = 0; r == 0 && i < STAGE_DESCRIPTORS; i++) {
		ret->descriptors[i] = open("/", O_RDONLY | O_DIRECTORY); /* NOLINT(android-cloexec-open) */
		if (ret->descriptors[i] < 0)
			r = error_set(err, errno, "open /");
	}
	return r;
}

void stage_clear(struct stage *stage)
{
	for (size_t i = 0; i < STAGE_DESCRIPTORS; i++)
		fd_close(&stage->descriptors[i]);
	fd_close(&stage->port);
	fd_close(&stage->abstract);
	if (stage->stranger > 0) {
		kill(stage->stranger, SIGKILL);
		waitpid(stage->stranger, NULL, 0);
		stage->stranger = -1;
	}
}
