/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_program.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

#if defined(__x86_64__)
enum { OUR_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OUR_MACHINE = EM_AARCH64 };
#else
#error "kapsel knows x86-64 and aarch64"
#endif

enum { HEAD_SIZE = 512, PROGRAM_HEADERS_MAX = 64, NAME_SIZE = 256 };

static const char *machine_name(unsigned int machine)
{
	static const struct {
		unsigned int machine;
		const char *name;
	} names[] = {
		{ EM_X86_64, "x86-64" },  { EM_AARCH64, "aarch64" },     { EM_386, "32-bit x86" },
		{ EM_ARM, "32-bit ARM" }, { EM_RISCV, "RISC-V" },        { EM_PPC64, "64-bit PowerPC" },
		{ EM_S390, "s390" },      { EM_LOONGARCH, "LoongArch" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "another machine";
}

/* Whether the root file system has it. */
static int has(int root, const char *path)
{
	_cleanup_fd_ int fd = path_open_in_root(root, path, O_PATH);

	return fd >= 0;
}

static void look_at_script(const char *head, int root, char *ret, size_t size)
{
	char line[NAME_SIZE], interpreter[NAME_SIZE];
	size_t length = strcspn(head, "\n");

	snprintf(line, sizeof(line), "%.*s", (int)length, head);
	length = strlen(line);
	if (length > 0 && line[length - 1] == '\r') {
		snprintf(ret, size, "its first line ends in CRLF, so its interpreter's name does, too");
		return;
	}
	if (sscanf(line, "#! %255s", interpreter) != 1)
		snprintf(ret, size, "its first line names no interpreter");
	else if (!has(root, interpreter))
		snprintf(ret, size, "its interpreter %s is missing in the root file system", interpreter);
}

static void look_at_elf(int fd, const char *head, int root, char *ret, size_t size)
{
	Elf64_Ehdr elf;

	memcpy(&elf, head, sizeof(elf));
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != OUR_MACHINE) {
		snprintf(ret, size, "it is a program for %s, this machine is %s", machine_name(elf.e_machine),
			 machine_name(OUR_MACHINE));
		return;
	}
	for (unsigned int i = 0; i < elf.e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
		off_t at = (off_t)(elf.e_phoff + (uint64_t)i * sizeof(Elf64_Phdr));
		char name[NAME_SIZE] = "";
		Elf64_Phdr header;
		size_t length;

		if (pread(fd, &header, sizeof(header), at) != (ssize_t)sizeof(header))
			return;
		if (header.p_type != PT_INTERP)
			continue;
		length = header.p_filesz < sizeof(name) ? header.p_filesz : sizeof(name) - 1;
		if (pread(fd, name, length, (off_t)header.p_offset) == (ssize_t)length && name[0] == '/' &&
		    !has(root, name))
			snprintf(ret, size, "its dynamic linker %s is missing in the root file system", name);
		return;
	}
}

void why_program_look(int top, const char *path, int root, char *ret, size_t size)
{
	_cleanup_fd_ int fd = path_open_in_root(top, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	char head[HEAD_SIZE + 1] = { 0 };
	ssize_t got;

	ret[0] = '\0';
	got = fd < 0 ? -1 : pread(fd, head, HEAD_SIZE, 0);
	if (got < 0)
		return;
	if (got >= 2 && head[0] == '#' && head[1] == '!')
		look_at_script(head, root, ret, size);
	else if (got >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0)
		look_at_elf(fd, head, root, ret, size);
	else
		snprintf(ret, size, "it is neither an ELF program nor a script with #!");
}
