/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, source lines and disassembly of guest code. */
#include "symbols.h"

#include "say.h"

#define PACKAGE "reprise"	/* bfd.h wants these two */
#define PACKAGE_VERSION "0"
#include <bfd.h>
#include <dis-asm.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR (16ull << 20)

struct symbol {
	u64 address;
	const char *name;
};

struct object {
	struct object *next;
	bfd *bfd;
	asymbol **table;
	u64 offset;
};

struct symbols {
	struct object *objects;
	struct symbol *symbol;	/* by address */
	size_t count, room;
};

static void add(struct symbols *symbols, u64 address, const char *name)
{
	if (symbols->count == symbols->room) {
		size_t room = symbols->room == 0 ? 4096 : 2 * symbols->room;
		struct symbol *more = say_alloc(room * sizeof(*more));

		if (symbols->count > 0)
			memcpy(more, symbols->symbol, symbols->count * sizeof(*more));
		free(symbols->symbol);
		symbols->symbol = more;
		symbols->room = room;
	}
	symbols->symbol[symbols->count++] = (struct symbol){ address, say_format("%s", name) };
}

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int kallsyms(struct symbols *symbols, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512], name[256], type;
	u64 number = 0, before = symbols->count;

	if (file == NULL)
		return say_fail(STATUS_REFUSED, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file) != NULL) {
		u64 address;

		number++;
		if (sscanf(line, "%" SCNx64 " %c %255s", &address, &type, name) == 3) {
			add(symbols, address, name);
		} else {
			fclose(file);
			return say_fail(STATUS_REFUSED,
					"%s:%" PRIu64 ": neither an ELF file nor a line of kallsyms ('ADDRESS TYPE NAME')",
					path, number);
		}
	}
	fclose(file);
	return symbols->count > before ? 0 : say_fail(STATUS_REFUSED, "%s: no symbols in it", path);
}

static int elf(struct symbols *symbols, bfd *bfd, const char *path, u64 offset)
{
	struct object *object;
	long room = bfd_get_symtab_upper_bound(bfd);
	asymbol **table = say_alloc((unsigned long)(room > 0 ? room : 8));
	long count = room > 0 ? bfd_canonicalize_symtab(bfd, table) : 0;

	if (count <= 0) {
		free(table);
		bfd_close(bfd);
		return say_fail(STATUS_REFUSED, "%s: it has no symbols", path);
	}
	for (long i = 0; i < count; i++)
		if ((table[i]->flags & (BSF_FUNCTION | BSF_OBJECT | BSF_GLOBAL | BSF_LOCAL)) != 0 &&
		    (table[i]->flags & (BSF_SECTION_SYM | BSF_FILE | BSF_DEBUGGING)) == 0 && table[i]->name[0] != '\0' &&
		    !bfd_is_und_section(table[i]->section))
			add(symbols, bfd_asymbol_value(table[i]) + offset, table[i]->name);
	object = say_alloc(sizeof(*object));
	*object = (struct object){ symbols->objects, bfd, table, offset };
	symbols->objects = object;
	return 0;
}

int symbols_add(struct symbols **symbols, const char *path, u64 offset)
{
	bfd *bfd;
	int status;

	bfd_init();
	if (*symbols == NULL) {
		*symbols = say_alloc(sizeof(**symbols));
		memset(*symbols, 0, sizeof(**symbols));
	}
	bfd = bfd_openr(path, NULL);
	if (bfd == NULL)
		return say_fail(STATUS_REFUSED, "%s: %s", path, bfd_errmsg(bfd_get_error()));
	bfd->flags |= BFD_DECOMPRESS;
	if (bfd_check_format(bfd, bfd_object)) {
		status = elf(*symbols, bfd, path, offset);
	} else {
		bfd_close(bfd);
		status = kallsyms(*symbols, path);
	}
	qsort((*symbols)->symbol, (*symbols)->count, sizeof(struct symbol), compare);
	return status;
}

void symbols_free(struct symbols *symbols)
{
	if (symbols == NULL)
		return;
	while (symbols->objects != NULL) {
		struct object *next = symbols->objects->next;

		free(symbols->objects->table);
		bfd_close(symbols->objects->bfd);
		free(symbols->objects);
		symbols->objects = next;
	}
	for (size_t i = 0; i < symbols->count; i++)
		free((char *)symbols->symbol[i].name);
	free(symbols->symbol);
	free(symbols);
}

const char *symbols_name(const struct symbols *symbols, u64 address, u64 *distance)
{
	size_t low = 0, high = symbols == NULL ? 0 : symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address - symbols->symbol[low - 1].address >= NEAR)
		return NULL;
	*distance = address - symbols->symbol[low - 1].address;
	while (low > 1 && symbols->symbol[low - 2].address == symbols->symbol[low - 1].address)
		low--;	/* of several names the same one always: the first */
	return symbols->symbol[low - 1].name;
}

bool symbols_address(const struct symbols *symbols, const char *name, u64 *address)
{
	char *end;

	for (size_t i = 0; symbols != NULL && i < symbols->count; i++)
		if (strcmp(symbols->symbol[i].name, name) == 0) {
			*address = symbols->symbol[i].address;
			return true;
		}
	errno = 0;
	*address = strtoull(name, &end, 0);
	return errno == 0 && end != name && *end == '\0';
}

bool symbols_line(const struct symbols *symbols, u64 address, char *text, size_t bytes)
{
	for (struct object *object = symbols == NULL ? NULL : symbols->objects; object != NULL; object = object->next) {
		u64 at = address - object->offset;

		for (asection *section = object->bfd->sections; section != NULL; section = section->next) {
			const char *file = NULL, *function = NULL;
			unsigned int line = 0;

			if ((section->flags & SEC_CODE) == 0 || at < section->vma ||
			    at - section->vma >= bfd_section_size(section))
				continue;
			if (!bfd_find_nearest_line(object->bfd, section, object->table, at - section->vma, &file, &function,
						   &line) ||
			    file == NULL || line == 0)
				continue;
			if (function != NULL)
				snprintf(text, bytes, "%s:%u (%s)", file, line, function);
			else
				snprintf(text, bytes, "%s:%u", file, line);
			return true;
		}
	}
	return false;
}

void symbols_format(const struct symbols *symbols, u64 address, char *text, size_t bytes)
{
	u64 distance;
	const char *name = symbols_name(symbols, address, &distance);

	if (name == NULL)
		snprintf(text, bytes, "0x%" PRIx64, address);
	else if (distance == 0)
		snprintf(text, bytes, "%s", name);
	else
		snprintf(text, bytes, "%s+0x%" PRIx64, name, distance);
}

/* libopcodes prints through these. */
struct sink {
	const struct symbols *symbols;
	char *text;
	size_t bytes, used;
};

static int sink_vprint(struct sink *sink, const char *format, va_list arguments)
{
	int count = vsnprintf(sink->text + sink->used, sink->bytes - sink->used, format, arguments);

	if (count > 0)
		sink->used = sink->used + (size_t)count < sink->bytes ? sink->used + (size_t)count : sink->bytes - 1;
	return count;
}

static __attribute__((format(printf, 2, 3))) int sink_print(void *to, const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = sink_vprint(to, format, arguments);
	va_end(arguments);
	return count;
}

static __attribute__((format(printf, 3, 4))) int sink_styled(void *to, enum disassembler_style style, const char *format,
							     ...)
{
	va_list arguments;
	int count;

	(void)style;
	va_start(arguments, format);
	count = sink_vprint(to, format, arguments);
	va_end(arguments);
	return count;
}

static void sink_address(bfd_vma address, struct disassemble_info *info)
{
	struct sink *sink = info->stream;
	char name[256];

	symbols_format(sink->symbols, address, name, sizeof(name));
	sink_print(sink, "%s", name);
}

u32 symbols_disassemble(const struct symbols *symbols, u64 address, const u8 *code, u32 bytes, u32 mode, char *text,
			size_t text_bytes)
{
	struct sink sink = { symbols, text, text_bytes, 0 };
	struct disassemble_info info;
	disassembler_ftype print;
	int length;

	text[0] = '\0';
	init_disassemble_info(&info, &sink, sink_print, sink_styled);
	info.arch = bfd_arch_i386;
	info.mach = mode == 64 ? bfd_mach_x86_64 : mode == 32 ? bfd_mach_i386_i386 : bfd_mach_i386_i8086;
	info.buffer = (bfd_byte *)code;
	info.buffer_vma = address;
	info.buffer_length = bytes;
	info.print_address_func = sink_address;
	disassemble_init_for_target(&info);
	print = disassembler(info.arch, false, info.mach, NULL);
	if (print == NULL)
		return 0;
	length = print(address, &info);
	while (sink.used > 0 && text[sink.used - 1] == ' ')
		text[--sink.used] = '\0';
	disassemble_free_target(&info);
	return length > 0 ? (u32)length : 0;
}
