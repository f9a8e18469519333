/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens the command in the finished root, once, and looks at it: what is executed later is
 * this descriptor, whatever happens to the name. The look turns the kernel's "no such file"
 * into the missing interpreter, the CRLF line or the wrong architecture that it stands for.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

#if defined(__x86_64__)
enum { OUR_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OUR_MACHINE = EM_AARCH64 };
#else
#error "kapsel knows x86-64 and aarch64"
#endif

enum { HEAD_SIZE = 4096, PROGRAM_HEADERS_MAX = 64 };

static int refuse(struct error *err, int exit_status, int code)
{
	err->exit_status = exit_status;
	return -code;
}

/* What a shell calls "not found", as opposed to a launcher that could not look. */
static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ENAMETOOLONG;
}

static const char *machine_name(unsigned int machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86-64";
	case EM_AARCH64:
		return "aarch64";
	case EM_386:
		return "32-bit x86";
	case EM_ARM:
		return "32-bit ARM";
	case EM_RISCV:
		return "RISC-V";
	default:
		return "an unknown machine";
	}
}

static int check_script(const struct step *step, struct run *run, const char *head, struct error *err)
{
	const char *command = step->spec->command.items[0];
	char line[256], interpreter[256];
	_cleanup_fd_ int fd = -1;
	size_t length = strcspn(head, "\n");

	if (length >= sizeof(line))
		length = sizeof(line) - 1;
	memcpy(line, head, length);
	line[length] = '\0';
	if (length > 0 && line[length - 1] == '\r') {
		error_set(
			err, ENOEXEC,
			"execute %s: its first line ends in CRLF, so the kernel looks for an interpreter named \"…\\r\"",
			command);
		error_remedy(err, "convert it to Unix line ends: sed -i 's/\\r$//' FILE");
		return refuse(err, EXIT_NOT_EXECUTABLE, ENOEXEC);
	}
	if (sscanf(line, "#! %255s", interpreter) != 1)
		interpreter[0] = '\0';
	fd = path_open_in_root(run->rootfs_fd, interpreter, O_PATH);
	if (fd < 0 && !is_missing(fd))
		return error_set(err, -fd, "open %s, the interpreter of %s", interpreter, command);
	if (fd < 0) {
		error_set(err, -fd, "execute %s: its interpreter %s is missing in the root file system",
			  command, interpreter);
		error_remedy(err, "install it in the image, or correct the script's first line");
		return refuse(err, EXIT_NOT_FOUND, ENOENT);
	}
	if (spec_exec_once(step->spec)) {
		error_set(
			err, ENOEXEC,
			"execute %s: a script can't be the command while the workload may execute exactly once",
			command);
		error_remedy(err, "write the interpreter first: \"command\": [\"%s\", \"%s\"]", interpreter,
			     command);
		return refuse(err, EXIT_NOT_EXECUTABLE, ENOEXEC);
	}
	run->interpreter_fd = take_fd(&fd);
	return STEP_DONE;
}

/* Finds PT_INTERP and opens what it names; a static program has none. */
static int find_interpreter(const struct step *step, struct run *run, int fd, const Elf64_Ehdr *elf,
			    struct error *err)
{
	const char *command = step->spec->command.items[0];

	for (unsigned int i = 0; i < elf->e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
		Elf64_Phdr header;
		char name[256];
		off_t at = (off_t)(elf->e_phoff + (uint64_t)i * sizeof(header));
		size_t size;

		if (pread(fd, &header, sizeof(header), at) != (ssize_t)sizeof(header))
			break;
		if (header.p_type != PT_INTERP)
			continue;
		size = header.p_filesz < sizeof(name) ? header.p_filesz : sizeof(name) - 1;
		if (pread(fd, name, size, (off_t)header.p_offset) != (ssize_t)size)
			break;
		name[size] = '\0';
		run->interpreter_fd = path_open_in_root(run->rootfs_fd, name, O_PATH);
		if (run->interpreter_fd >= 0)
			return STEP_DONE;
		if (!is_missing(run->interpreter_fd))
			return error_set(err, -run->interpreter_fd, "open %s, the dynamic linker of %s", name,
					 command);
		error_set(err, ENOENT, "execute %s: its dynamic linker %s is missing in the root file system",
			  command, name);
		error_remedy(
			err,
			"copy it and the libraries that ldd(1) names into the image, or link the program statically");
		return refuse(err, EXIT_NOT_FOUND, ENOENT);
	}
	return STEP_DONE;
}

static int check_elf(const struct step *step, struct run *run, int fd, const char *head, struct error *err)
{
	const char *command = step->spec->command.items[0];
	Elf64_Ehdr elf;

	memcpy(&elf, head, sizeof(elf));
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != OUR_MACHINE) {
		error_set(err, ENOEXEC, "execute %s: it is a %s program for %s, this machine is %s", command,
			  elf.e_ident[EI_CLASS] == ELFCLASS64 ? "64-bit" : "32-bit",
			  machine_name(elf.e_machine), machine_name(OUR_MACHINE));
		error_remedy(err, "use an image of this machine's architecture");
		return refuse(err, EXIT_NOT_EXECUTABLE, ENOEXEC);
	}
	return find_interpreter(step, run, fd, &elf, err);
}

static int look(const struct step *step, struct run *run, struct error *err)
{
	const char *command = step->spec->command.items[0];
	_cleanup_fd_ int fd = path_open_in_root(run->rootfs_fd, command, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	char head[HEAD_SIZE + 1] = { 0 };
	ssize_t size;

	if (fd < 0)
		return STEP_DONE; /* executable but not readable: the kernel's own answer must do */
	size = pread(fd, head, HEAD_SIZE, 0);
	if (size < 0)
		return error_set(err, errno, "read the beginning of %s", command);
	if (size >= 2 && head[0] == '#' && head[1] == '!')
		return check_script(step, run, head, err);
	if (size >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0)
		return check_elf(step, run, fd, head, err);
	error_set(err, ENOEXEC, "execute %s: neither an ELF program nor a script with #!", command);
	error_remedy(err, size == 0 ? "the file is empty"
				    : "is it a text file without its first line, or damaged?");
	return refuse(err, EXIT_NOT_EXECUTABLE, ENOEXEC);
}

static int program_apply(const struct step *step, struct run *run, struct error *err)
{
	const char *command = step->spec->command.items[0];
	struct stat st;

	run->program_fd = path_open_in_root(run->rootfs_fd, command, O_PATH);
	if (run->program_fd < 0) {
		error_set(err, -run->program_fd, "find the command %s in the root file system", command);
		if (run->program_fd == -EACCES)
			return refuse(err, EXIT_NOT_EXECUTABLE, err->code);
		return is_missing(run->program_fd) ? refuse(err, EXIT_NOT_FOUND, err->code) : -err->code;
	}
	if (fstat(run->program_fd, &st) < 0)
		return error_set(err, errno, "look at %s", command);
	run->proof->program[0] = st.st_dev;
	run->proof->program[1] = st.st_ino;
	if (!S_ISREG(st.st_mode)) {
		error_set(err, EACCES, "execute %s: not a regular file", command);
		return refuse(err, EXIT_NOT_EXECUTABLE, EACCES);
	}
	if (faccessat(run->program_fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0 && errno == EACCES) {
		error_set(err, EACCES, "execute %s: no permission for uid %u", command, step->spec->user.uid);
		error_remedy(err, "chmod a+rx the file in the image; in a mount, add \"exec\": true");
		return refuse(err, EXIT_NOT_EXECUTABLE, EACCES);
	}
	return look(step, run, err);
}

static int program_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			  char report[STEP_REPORT_MAX], struct error *err)
{
	const struct proof *proof = run->proof;

	(void)step, (void)evidence;
	/* What waits to be executed must be the very file that was looked at. */
	if (proof->program[1] == 0 || memcmp(proof->program, proof->held, sizeof(proof->held)) != 0)
		return error_set(err, EBADE, "descriptor %d is not the command that was looked at",
				 run->exec_fd);
	snprintf(report, STEP_REPORT_MAX, "held as descriptor %d, inode %" PRIu64, run->exec_fd,
		 proof->held[1]);
	return STEP_DONE;
}

static void program_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "%s, opened once", spec->command.items[0]);
}

const struct step_type step_program = {
	.name = "program",
	.blocks = "exchanging the program between the check and its start",
	.source = "openat2(2), execveat(2), elf(5)",
	.phase = PHASE_MOUNT,
	.apply = program_apply,
	.verify = program_verify,
	.explain = program_explain,
};
