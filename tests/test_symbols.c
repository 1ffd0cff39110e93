/* SPDX-License-Identifier: BSD-2-Clause */
/* replay/symbols.c: names, lines and instructions, from ELF files that are built here and from kallsyms text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../replay/symbols.h"
#include "test.h"

#define OFFSET 0xffffffff80000000ull

static char directory[] = "/tmp/symbols-XXXXXX";

static char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

/* An ELF with two functions at fixed addresses, and a text file in kallsyms's form. */
static bool build(void)
{
	static bool done, good;
	char command[1024];

	if (done)
		return good;
	done = true;
	if (mkdtemp(directory) == NULL)
		return false;
	snprintf(command, sizeof(command),
		 "cd %s && printf 'int second(int x)\\n{\\n\\treturn x * 3;\\n}\\nint _start(void)\\n{\\n\\treturn second(4);\\n}\\n' "
		 ">two.c && gcc -g -O0 -fno-pic -no-pie -nostdlib -static -Wl,-Ttext=0x401000 -o two.elf two.c && "
		 "strip -o bare.elf two.elf && printf 'ffffffff81000000 T _stext\\nffffffff81000100 t helper\\n"
		 "ffffffff81000100 T helper_alias\\nffffffff82000000 D data\\n' >kallsyms && printf 'no symbols\\n' >text",
		 directory);
	good = system(command) == 0;
	return good;
}

static void the_symbol_before_an_address_is_found(void)
{
	struct symbols *symbols = NULL;
	u64 second, distance;

	CU_ASSERT_FATAL(build());
	CU_ASSERT_EQUAL_FATAL(symbols_add(&symbols, path_of("two.elf"), 0), 0);
	CU_ASSERT_TRUE(symbols_address(symbols, "second", &second));
	CU_ASSERT_STRING_EQUAL(symbols_name(symbols, second + 3, &distance), "second");
	CU_ASSERT_EQUAL(distance, 3);
	CU_ASSERT_PTR_NULL(symbols_name(symbols, 0x1000, &distance));
	CU_ASSERT_PTR_NULL(symbols_name(symbols, second + (32ull << 20), &distance));
	CU_ASSERT_FALSE(symbols_address(symbols, "nowhere", &distance));
	CU_ASSERT_TRUE(symbols_address(symbols, "0x1234", &distance) && distance == 0x1234);
	symbols_free(symbols);
}

static void an_offset_moves_names_and_lines(void)
{
	struct symbols *symbols = NULL, *plain = NULL;
	u64 second = 0, moved = 0;
	char text[256];

	CU_ASSERT_FATAL(build());
	CU_ASSERT_EQUAL_FATAL(symbols_add(&plain, path_of("two.elf"), 0), 0);
	CU_ASSERT_EQUAL_FATAL(symbols_add(&symbols, path_of("two.elf"), OFFSET), 0);
	CU_ASSERT_TRUE(symbols_address(plain, "second", &second) && symbols_address(symbols, "second", &moved));
	CU_ASSERT_EQUAL(moved, second + OFFSET);
	CU_ASSERT_TRUE(symbols_line(symbols, moved, text, sizeof(text)));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "two.c:2 (second)"));
	CU_ASSERT_FALSE(symbols_line(plain, moved, text, sizeof(text)));
	symbols_format(symbols, moved + 1, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "second+0x1");
	symbols_free(symbols);
	symbols_free(plain);
}

static void kallsyms_text_gives_names(void)
{
	struct symbols *symbols = NULL;
	char text[64];
	u64 distance;

	CU_ASSERT_FATAL(build());
	CU_ASSERT_EQUAL_FATAL(symbols_add(&symbols, path_of("kallsyms"), 0), 0);
	CU_ASSERT_STRING_EQUAL(symbols_name(symbols, 0xffffffff81000080, &distance), "_stext");
	CU_ASSERT_EQUAL(distance, 0x80);
	/* of two names at one address, always the same */
	CU_ASSERT_STRING_EQUAL(symbols_name(symbols, 0xffffffff81000100, &distance), "helper");
	symbols_format(symbols, 0xffffffff70000000, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "0xffffffff70000000");
	symbols_free(symbols);
}

static void files_without_symbols_are_refused(void)
{
	static const char *const names[] = { "bare.elf", "text", "missing" };

	CU_ASSERT_FATAL(build());
	for (u32 i = 0; i < 3; i++) {
		struct symbols *symbols = NULL;

		CU_ASSERT_NOT_EQUAL(symbols_add(&symbols, path_of(names[i]), 0), 0);
		symbols_free(symbols);
	}
}

static void instructions_are_written_in_each_mode(void)
{
	static const u8 code[] = { 0x48, 0x89, 0xc3, 0xe8, 0x05, 0x00, 0x00, 0x00 };
	struct symbols *symbols = NULL;
	char text[128];

	CU_ASSERT_FATAL(build());
	CU_ASSERT_EQUAL_FATAL(symbols_add(&symbols, path_of("kallsyms"), 0), 0);
	CU_ASSERT_EQUAL(symbols_disassemble(symbols, 0x1000, code, 8, 64, text, sizeof(text)), 3);
	CU_ASSERT_STRING_EQUAL(text, "mov    %rax,%rbx");
	CU_ASSERT_EQUAL(symbols_disassemble(symbols, 0x1000, code, 8, 32, text, sizeof(text)), 1);
	CU_ASSERT_STRING_EQUAL(text, "dec    %eax");
	CU_ASSERT_EQUAL(symbols_disassemble(symbols, 0x1000, code, 8, 16, text, sizeof(text)), 1);
	CU_ASSERT_STRING_EQUAL(text, "dec    %ax");
	/* a call's target has its name */
	CU_ASSERT_EQUAL(symbols_disassemble(symbols, 0xffffffff810000f8, code + 3, 5, 64, text, sizeof(text)), 5);
	CU_ASSERT_STRING_EQUAL(text, "call   helper+0x2");
	CU_ASSERT_EQUAL(symbols_disassemble(symbols, 0, code, 0, 64, text, sizeof(text)), 0);
	symbols_free(symbols);
}

static void its_files_go(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	CU_ASSERT_EQUAL(system(command), 0);
}

const struct test_case test_symbols_cases[] = {
	{ "the_symbol_before_an_address_is_found", the_symbol_before_an_address_is_found },
	{ "an_offset_moves_names_and_lines", an_offset_moves_names_and_lines },
	{ "kallsyms_text_gives_names", kallsyms_text_gives_names },
	{ "files_without_symbols_are_refused", files_without_symbols_are_refused },
	{ "instructions_are_written_in_each_mode", instructions_are_written_in_each_mode },
	{ "its_files_go", its_files_go },
	{ NULL, NULL },
};
