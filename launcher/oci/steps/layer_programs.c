/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a layer lets the container execute. A profile's container is held to one execve by a supervisor; here
 * none stays, so Landlock alone holds it: the command, what exec.allow lists, and what the kernel opens for
 * these on its own: the interpreter of a script and the dynamic linker.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/oci/layer.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/layer.h"
#include "launcher/steps/landlock.h"

/* The kernel's own limits: a first line of 256 bytes, five interpreters in a row. */
enum { LINE_SIZE = 256, CHAIN_MAX = 5, PROGRAM_HEADERS_MAX = 64 };

struct programs {
	const struct run *run;
	int ruleset, root;
};

/* "#! /bin/sh -e": Return: whether it is one, with the path in @ret. */
static bool script_interpreter(const char *head, size_t size, char ret[LINE_SIZE])
{
	size_t start = 2, end;

	if (size < 3 || head[0] != '#' || head[1] != '!')
		return false;
	while (start < size && (head[start] == ' ' || head[start] == '\t'))
		start++;
	for (end = start; end < size && !strchr(" \t\n", head[end]); end++)
		;
	memcpy(ret, head + start, end - start);
	ret[end - start] = '\0';
	return end > start;
}

static bool elf_interpreter(int fd, const Elf64_Ehdr *elf, char ret[LINE_SIZE])
{
	for (unsigned int i = 0; i < elf->e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
		Elf64_Phdr header;
		off_t at = (off_t)(elf->e_phoff + (uint64_t)i * sizeof(header));

		if (pread(fd, &header, sizeof(header), at) != (ssize_t)sizeof(header))
			return false;
		if (header.p_type != PT_INTERP)
			continue;
		if (header.p_filesz == 0 || header.p_filesz >= LINE_SIZE ||
		    pread(fd, ret, header.p_filesz, (off_t)header.p_offset) != (ssize_t)header.p_filesz)
			return false;
		ret[header.p_filesz] = '\0';
		return true;
	}
	return false;
}

/* Return: whether the file has one; a file that can't be read keeps it to itself. */
static bool find_interpreter(const struct programs *programs, const char *path, char ret[LINE_SIZE])
{
	_cleanup_fd_ int fd = path_open_in_root(programs->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	char head[LINE_SIZE] = { 0 };
	Elf64_Ehdr elf;
	ssize_t size = fd < 0 ? -1 : pread(fd, head, sizeof(head) - 1, 0);

	if (size < 0)
		return false;
	if (script_interpreter(head, (size_t)size, ret))
		return ret[0] == '/';
	if ((size_t)size < sizeof(elf) || memcmp(head, ELFMAG, SELFMAG) != 0 || head[EI_CLASS] != ELFCLASS64)
		return false;
	memcpy(&elf, head, sizeof(elf));
	return elf_interpreter(fd, &elf, ret) && ret[0] == '/';
}

/* What isn't there, or can't be reached, gets no rule: then it can't be executed either. */
static int allow_one(const struct programs *programs, const char *path, bool *ret_file, struct error *err)
{
	_cleanup_fd_ int fd = path_open_in_root(programs->root, path, O_PATH);
	struct stat st;

	*ret_file = false;
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at %s", path);
	*ret_file = S_ISREG(st.st_mode);
	return landlock_allow(programs->ruleset, fd, LANDLOCK_EXECUTE | LANDLOCK_READ,
			      programs->run->host->landlock_abi, path, err);
}

static int allow_chain(const struct programs *programs, const char *path, struct error *err)
{
	char names[2][LINE_SIZE];
	bool is_file;
	int r = allow_one(programs, path, &is_file, err);

	for (unsigned int i = 0; r == 0 && is_file && i < CHAIN_MAX; i++) {
		if (!find_interpreter(programs, path, names[i % 2]))
			break;
		path = names[i % 2];
		r = allow_one(programs, path, &is_file, err);
	}
	return r;
}

/* execve(2) takes a relative name from the working directory. */
static int allow_command(const struct programs *programs, struct error *err)
{
	const char *program = programs->run->oci->program;
	char path[2 * OCI_PROGRAM_MAX];
	long length;

	if (program[0] == '/')
		return allow_chain(programs, program, err);
	length = syscall(SYS_getcwd, path, (size_t)OCI_PROGRAM_MAX);
	if (length < 0 || path[0] != '/')
		return error_set(err, length < 0 ? errno : ENOENT, "find the working directory");
	path[length - 1] = '/'; /* its NUL */
	strcpy(path + length, program);
	return allow_chain(programs, path, err);
}

int oci_layer_allow_programs(const struct run *run, int ruleset, int root, struct error *err)
{
	const struct programs programs = { .run = run, .ruleset = ruleset, .root = root };
	const struct spec_strings *list = &run->oci->layer->spec->exec_allow;
	int r = allow_command(&programs, err);

	for (size_t i = 0; r == 0 && i < list->n; i++)
		if (!str_equal(list->items[i], "*"))
			r = allow_chain(&programs, list->items[i], err);
	return r;
}
