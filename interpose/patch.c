/*
 * Rewriting of relocated addresses (ELF, x86-64): for each object the entries
 * of its relocation tables that name one of our symbols. One thread at a time;
 * start of a recording and after a dlopen.
 */
#define _GNU_SOURCE
#include "interpose/patch.h"

#include "base/spin.h"
#include "interpose/natives.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

struct object {
	uintptr_t base;
	const Elf64_Sym *symbols;
	const char *strings;
	const Elf64_Rela *tables[2];
	size_t counts[2];
	uintptr_t relro_start;
	uintptr_t relro_end;
	bool writable; /* relro was opened */
};

static struct weigh_spin lock;
static unsigned long long adds_seen;
static unsigned long long removals_seen;
static unsigned visited; /* objects patched so far: while none is removed new ones come after them */

static bool is_own(const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;
		if (header->p_type == PT_LOAD && (uintptr_t)&lock - start < header->p_memsz)
			return true;
	}
	return false;
}

static bool is_loader_or_vdso(const char *path)
{
	const char *name = strrchr(path, '/');
	name = name ? name + 1 : path;
	return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-", 3) == 0 ||
	       strncmp(name, "linux-vdso", 10) == 0 || strncmp(name, "linux-gate", 10) == 0;
}

/* glibc relocates the addresses in the dynamic section in place; other loaders do not. */
static uintptr_t absolute(const struct object *object, uintptr_t value)
{
	return value < object->base ? object->base + value : value;
}

static bool read_dynamic(struct object *object, const Elf64_Dyn *dynamic)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		uintptr_t value = dynamic->d_un.d_ptr;
		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			object->symbols = (const Elf64_Sym *)absolute(object, value);
			break;
		case DT_STRTAB:
			object->strings = (const char *)absolute(object, value);
			break;
		case DT_RELA:
			object->tables[0] = (const Elf64_Rela *)absolute(object, value);
			break;
		case DT_RELASZ:
			object->counts[0] = value / sizeof(Elf64_Rela);
			break;
		case DT_JMPREL:
			object->tables[1] = (const Elf64_Rela *)absolute(object, value);
			break;
		case DT_PLTRELSZ:
			object->counts[1] = value / sizeof(Elf64_Rela);
			break;
		default:
			break;
		}
	}
	return object->symbols && object->strings;
}

static bool read_object(struct object *object, const struct dl_phdr_info *info)
{
	const Elf64_Dyn *dynamic = NULL;
	*object = (struct object){.base = info->dlpi_addr};
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;
		if (header->p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)start;
		if (header->p_type == PT_GNU_RELRO) {
			object->relro_start = start & ~(uintptr_t)(PAGE - 1);
			object->relro_end = (start + header->p_memsz) & ~(uintptr_t)(PAGE - 1);
		}
	}
	return dynamic && read_dynamic(object, dynamic);
}

/* Our entry for a symbol name; the first letters rule nearly all others out. */
static const struct weigh_native *native_of(const char *name)
{
	switch (name[0]) {
	case 'm':
	case 'c':
	case 'r':
	case 'f':
	case 'a':
	case 'p':
	case 'v':
	case 'P':
	case 'd':
		break;
	default:
		return NULL;
	}
	for (const struct weigh_native *entry = weigh_natives; entry->name; entry++)
		if (name[1] == entry->name[1] && strcmp(name, entry->name) == 0)
			return entry->real ? entry : NULL;
	return NULL;
}

static bool open_relro(struct object *object)
{
	size_t bytes = object->relro_end - object->relro_start;
	if (!object->writable)
		object->writable = mprotect((void *)object->relro_start, bytes, PROT_READ | PROT_WRITE) == 0;
	return object->writable;
}

/*
 * Whether the object has a function of its own under this name, which no one
 * else uses, and calls it, or may: what is not bound yet could be bound to it.
 */
static bool is_private(const struct object *object, const Elf64_Sym *symbol, const void *address,
		       const struct weigh_native *native)
{
	return symbol->st_shndx != SHN_UNDEF && address != native->real &&
	       object->base + symbol->st_value != (uintptr_t)native->real;
}

static void rewrite(struct object *object, const Elf64_Rela *relocation, const struct weigh_native *native)
{
	uintptr_t place = object->base + relocation->r_offset;
	void **cell = (void **)place;
	if (place >= object->relro_start && place < object->relro_end && !open_relro(object))
		return;
	const Elf64_Sym *symbol = &object->symbols[ELF64_R_SYM(relocation->r_info)];
	if (*cell == native->ours || is_private(object, symbol, *cell, native))
		return;
	if (ELF64_R_TYPE(relocation->r_info) == R_X86_64_64 && *cell != native->real)
		return;
	__atomic_store_n(cell, native->ours, __ATOMIC_RELEASE);
}

static void patch_object(struct object *object)
{
	for (int table = 0; table < 2; table++) {
		for (size_t i = 0; i < object->counts[table]; i++) {
			const Elf64_Rela *relocation = &object->tables[table][i];
			unsigned type = ELF64_R_TYPE(relocation->r_info);
			if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT && type != R_X86_64_64)
				continue;
			const Elf64_Sym *symbol = &object->symbols[ELF64_R_SYM(relocation->r_info)];
			const struct weigh_native *native = native_of(object->strings + symbol->st_name);
			if (native)
				rewrite(object, relocation, native);
		}
	}
	if (object->writable)
		mprotect((void *)object->relro_start, object->relro_end - object->relro_start, PROT_READ);
}

static int visit(struct dl_phdr_info *info, size_t size, void *number)
{
	struct object object;
	(void)size;
	adds_seen = info->dlpi_adds;
	if (info->dlpi_subs != removals_seen) {
		removals_seen = info->dlpi_subs;
		visited = 0;
	}
	if ((*(unsigned *)number)++ < visited)
		return 0;
	if (!is_own(info) && !is_loader_or_vdso(info->dlpi_name) && read_object(&object, info))
		patch_object(&object);
	return 0;
}

static int read_adds(struct dl_phdr_info *info, size_t size, void *adds)
{
	(void)size;
	*(unsigned long long *)adds = info->dlpi_adds;
	return 1;
}

void weigh_patch_all(void)
{
	unsigned long long adds = 0;
	dl_iterate_phdr(read_adds, &adds);
	if (adds == adds_seen || !weigh_spin_take(&lock))
		return;
	unsigned number = 0;
	dl_iterate_phdr(visit, &number);
	visited = number;
	weigh_spin_give(&lock);
}
