/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/why/why_program.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "why_fixture.h"

TestSuite(why_program, .init = why_init, .fini = why_fini);

static const char *look(const void *content, size_t size)
{
	static char problem[512];
	_cleanup_fd_ int root = open(why_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	why_file("program", content, size, 0755);
	why_program_look(root, "/program", root, problem, sizeof(problem));
	return problem;
}

/* As a linker writes it: a header, one program header, the name of the dynamic linker. */
struct program {
	Elf64_Ehdr elf;
	Elf64_Phdr header;
	char linker[32];
};

static struct program make_program(void)
{
	struct program program = {
		.elf = { .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1 },
		.header = { .p_type = PT_INTERP,
			    .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
			    .p_filesz = sizeof(program.linker) },
		.linker = "/lib/ld.so",
	};

	memcpy(program.elf.e_ident, ELFMAG, SELFMAG);
	program.elf.e_ident[EI_CLASS] = ELFCLASS64;
#if defined(__x86_64__)
	program.elf.e_machine = EM_X86_64;
#else
	program.elf.e_machine = EM_AARCH64;
#endif
	return program;
}

Test(why_program, a_script_needs_its_interpreter)
{
	cr_assert(eq(str, look("#!/bin/nope -x\n", 15),
		     "its interpreter /bin/nope is missing in the root file system"));
}

Test(why_program, a_script_whose_interpreter_is_there_is_fine)
{
	why_file("bin/sh", "x", 1, 0755);
	cr_assert(eq(str, look("#! /bin/sh\n", 11), ""));
}

Test(why_program, a_script_with_crlf_says_so)
{
	cr_assert(strstr(look("#!/bin/sh\r\n", 11), "CRLF") != NULL);
}

Test(why_program, a_script_without_an_interpreter_says_so)
{
	cr_assert(eq(str, look("#!\n", 3), "its first line names no interpreter"));
}

Test(why_program, a_dynamic_program_needs_its_linker)
{
	struct program program = make_program();

	cr_assert(eq(str, look(&program, sizeof(program)),
		     "its dynamic linker /lib/ld.so is missing in the root file system"));
}

Test(why_program, a_dynamic_program_whose_linker_is_there_is_fine)
{
	struct program program = make_program();

	why_file("lib/ld.so", "x", 1, 0755);
	cr_assert(eq(str, look(&program, sizeof(program)), ""));
}

Test(why_program, a_program_of_another_machine_names_both)
{
	struct program program = make_program();

	program.elf.e_machine = EM_RISCV;
	cr_assert(strstr(look(&program, sizeof(program)), "it is a program for RISC-V, this machine is ") !=
		  NULL);
}

Test(why_program, headers_that_lie_are_no_harm)
{
	struct program program = make_program();

	program.elf.e_phoff = UINT64_MAX;
	program.elf.e_phnum = UINT16_MAX;
	cr_assert(eq(str, look(&program, sizeof(program)), ""));
}

Test(why_program, a_linker_beyond_the_end_of_the_file_is_no_harm)
{
	struct program program = make_program();

	program.header.p_offset = UINT64_MAX - 7;
	cr_assert(eq(str, look(&program, sizeof(program)), ""));
}

Test(why_program, a_text_is_no_program)
{
	cr_assert(eq(str, look("hello\n", 6), "it is neither an ELF program nor a script with #!"));
}
