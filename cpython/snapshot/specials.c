/*
 * Addresses in the set that are something particular. One thread; memory from
 * the kernel.
 */
#include "cpython/snapshot/scan.h"

#include "base/hash.h"

enum { FIRST_CAPACITY = 1 << 10 };

static struct weigh_special *place_of(struct weigh_special *table, size_t capacity, uintptr_t address)
{
	size_t i = (size_t)(address * WEIGH_HASH_ODD >> 32) & (capacity - 1);
	while (table[i].address && table[i].address != address)
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static bool grow(struct weigh_scan *scan)
{
	size_t capacity = scan->special_capacity ? scan->special_capacity * 2 : FIRST_CAPACITY;
	struct weigh_special *table = weigh_room_take(&scan->room, capacity * sizeof(*table));
	if (!table)
		return false;
	for (size_t i = 0; i < scan->special_capacity; i++)
		if (scan->specials[i].address)
			*place_of(table, capacity, scan->specials[i].address) = scan->specials[i];
	scan->specials = table;
	scan->special_capacity = capacity;
	return true;
}

bool weigh_special_add(struct weigh_scan *scan, uintptr_t address, enum weigh_special_kind kind, uintptr_t of)
{
	struct weigh_marks_leaf *leaf = weigh_marks_leaf(&scan->special_marks, address);
	if (!leaf || (scan->special_count * 2 >= scan->special_capacity && !grow(scan))) {
		scan->failed = true;
		return false;
	}
	if (!weigh_marks_add(leaf, address))
		return true;
	*place_of(scan->specials, scan->special_capacity, address) =
		(struct weigh_special){address, of, kind};
	scan->special_count++;
	return true;
}

struct weigh_special weigh_special_find(const struct weigh_scan *scan, uintptr_t address)
{
	if (!weigh_marks_has(&scan->special_marks, address))
		return (struct weigh_special){0};
	return *place_of(scan->specials, scan->special_capacity, address);
}
