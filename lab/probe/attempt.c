/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/probe/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

void attempt_note(struct outcome *out, const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	vsnprintf(out->evidence, sizeof(out->evidence), format, args);
	va_end(args);
	errno = saved;
}

long attempt_untestable(struct outcome *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out->untestable, sizeof(out->untestable), format, args);
	va_end(args);
	errno = 0;
	return -1;
}

long attempt_step(struct outcome *out, const char *step)
{
	attempt_note(out, "stopped at %s", step);
	return -1;
}

bool attempt_kernel_before(unsigned int major, unsigned int minor)
{
	unsigned int running_major = 0, running_minor = 0;
	int saved = errno;
	struct utsname name;

	if (uname(&name) == 0)
		sscanf(name.release, "%u.%u", &running_major, &running_minor);
	errno = saved;
	return running_major < major || (running_major == major && running_minor < minor);
}

const char *attempt_directory(void)
{
	static const char *const candidates[] = {
		"/tmp", "/run", "/mnt", "/dev/shm", "/proc", "/etc", "/bin"
	};
	int saved = errno;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		if (stat(candidates[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			errno = saved;
			return candidates[i];
		}
	}
	errno = saved;
	return "/";
}

static bool can_create_in(const char *directory, char *path)
{
	static unsigned int counter;
	int fd;

	snprintf(path, PATH_MAX, "%s/.kapsel-probe-%d-%u", directory, (int)getpid(), counter++);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	close(fd);
	unlink(path);
	return true;
}

void attempt_path(char *buffer)
{
	static const char *const candidates[] = { "/tmp", "/run", "/dev/shm", "/var/tmp", "." };
	const char *chosen = getenv("PROBE_DIR");
	int saved = errno;

	if (chosen) {
		can_create_in(chosen, buffer);
		errno = saved;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		if (can_create_in(candidates[i], buffer)) {
			errno = saved;
			return;
		}
	}
	can_create_in("/tmp", buffer);
	errno = saved;
}

int attempt_file(char *buffer)
{
	attempt_path(buffer);
	return open(buffer, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0700);
}

/* execve itself where it can do it: the filter may treat the two differently. */
static void execute(int dirfd, const char *path, const char *const argv[], int flags)
{
	static const char *const environment[] = { NULL };

	if (dirfd == AT_FDCWD && flags == 0)
		syscall(SYS_execve, path, argv, environment);
	else
		syscall(SYS_execveat, dirfd, path, argv, environment, flags);
}

long attempt_exec(int dirfd, const char *path, const char *const argv[], int flags, struct outcome *out)
{
	volatile int *error;
	int status = 0;
	pid_t pid;

	error = mmap(NULL, sizeof(*error), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (error == MAP_FAILED)
		return attempt_step(out, "mmap of shared memory");
	pid = fork();
	if (pid < 0) {
		/* If it works it does not return: our exit status is then that of the program. */
		attempt_note(out, "in this process: fork is refused");
		execute(dirfd, path, argv, flags);
		return -1;
	}
	if (pid == 0) {
		execute(dirfd, path, argv, flags);
		*error = errno;
		_exit(1);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFSIGNALED(status)) {
		out->signal = WTERMSIG(status);
		errno = 0;
		return -1;
	}
	errno = *error;
	return *error ? -1 : WEXITSTATUS(status);
}

int attempt_own_path(char *buffer)
{
	ssize_t n = readlink("/proc/self/exe", buffer, PATH_MAX - 1);

	if (n < 0 && program_invocation_name[0] != '/')
		return -1;
	if (n >= 0)
		buffer[n] = '\0';
	else
		snprintf(buffer, PATH_MAX, "%s", program_invocation_name);
	return 0;
}

int attempt_copy_self(int fd)
{
	_cleanup_fd_ int self = -1;
	char buffer[16384], path[PATH_MAX];
	ssize_t n;

	if (attempt_own_path(path) < 0)
		return -1;
	self = open(path, O_RDONLY | O_CLOEXEC);
	if (self < 0)
		return -1;
	while ((n = read(self, buffer, sizeof(buffer))) > 0) {
		if (write(fd, buffer, (size_t)n) != n) {
			if (errno == 0)
				errno = ENOSPC;
			return -1;
		}
	}
	return n < 0 ? -1 : 0;
}
