/*
 * Snapshots made by hand: see fake_snapshot.h.
 */
#include "fake_snapshot.h"

#include "vendor/xxhash/xxhash.h"
#include "vendor/zstd/zstd.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_text {
	uint32_t length;
	char *bytes;
};
struct fake_type {
	uint64_t fields[sizeof(struct weigh_snapshot_type) / sizeof(uint64_t)];
};
struct fake_shape {
	struct weigh_snapshot_shape fields;
	size_t first_slot;
};
struct fake_reference {
	uint32_t object, target;
};
struct fake_value {
	uint64_t class, bits;
	uint32_t sample; /* text; 0: none */
	uint64_t utf8; /* of wide text */
};
struct fake_fact {
	uint32_t object;
	bool first;
	uint64_t number;
};
struct fake_triple {
	uint64_t fields[5];
};

static void *check(void *memory)
{
	if (!memory) {
		perror("a fake snapshot");
		abort();
	}
	return memory;
}

static void *add(struct fake_rows *rows, size_t size, const void *entry)
{
	if (rows->count == rows->room) {
		rows->room = rows->room ? rows->room * 2 : 16;
		rows->bytes = check(realloc(rows->bytes, rows->room * size));
	}
	return memcpy((char *)rows->bytes + size * rows->count++, entry, size);
}

#define ADD(rows, type, ...) add(rows, sizeof(type), &(type)__VA_ARGS__)
#define AT(rows, type, index) ((type *)(rows)->bytes)[index]

uint32_t fake_snapshot_text(struct fake_snapshot *fake, const char *text)
{
	ADD(&fake->texts, struct fake_text, {(uint32_t)strlen(text), check(strdup(text))});
	return (uint32_t)fake->texts.count - 1;
}

struct fake_snapshot *fake_snapshot_create(void)
{
	struct fake_snapshot *fake = check(calloc(1, sizeof(*fake)));

	memcpy(fake->header.magic, WEIGH_SNAPSHOT_MAGIC, sizeof(fake->header.magic));
	fake->header.version = WEIGH_SNAPSHOT_VERSION;
	fake->header.byte_order = 0x01020304;
	fake->header.header_size = sizeof(fake->header);
	fake->header.state = WEIGH_SNAPSHOT_COMPLETE;
	fake->header.when = WEIGH_SNAPSHOT_END;
	fake->header.python = 0x030d00f0;
	fake->header.pid = 4711;
	fake->base = 0x7f0000001000;
	fake->spacing = 16;
	fake_snapshot_text(fake, "");
	ADD(&fake->nodes, struct fake_triple, {{0}});
	return fake;
}

void fake_snapshot_destroy(struct fake_snapshot *fake)
{
	struct fake_rows *all[] = {&fake->texts,      &fake->types,  &fake->shapes, &fake->slots,
				   &fake->codes,      &fake->nodes,  &fake->sites,  &fake->values,
				   &fake->labels,     &fake->roots,  &fake->facts,  &fake->objects,
				   &fake->references, &fake->samples};
	for (size_t i = 0; i < fake->texts.count; i++)
		free(AT(&fake->texts, struct fake_text, i).bytes);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		free(all[i]->bytes);
	free(fake);
}

uint32_t fake_snapshot_type(struct fake_snapshot *fake, const char *module, const char *name,
			    enum weigh_snapshot_form form, uint64_t flags)
{
	ADD(&fake->types, struct fake_type,
	    {{fake_snapshot_text(fake, name), fake_snapshot_text(fake, module), 0, 0, 0, form, flags, 16,
	      0}});
	return (uint32_t)fake->types.count - 1;
}

void fake_snapshot_type_object(struct fake_snapshot *fake, uint32_t type, uint32_t object)
{
	AT(&fake->types, struct fake_type, type).fields[3] = (uint64_t)object + 1;
}

void fake_snapshot_type_base(struct fake_snapshot *fake, uint32_t type, uint32_t base)
{
	AT(&fake->types, struct fake_type, type).fields[4] = base == FAKE_NONE ? 0 : (uint64_t)base + 1;
}

uint32_t fake_snapshot_shape(struct fake_snapshot *fake, uint32_t type, uint64_t flags,
			     enum weigh_snapshot_tail tail)
{
	ADD(&fake->shapes, struct fake_shape, {{type, flags, tail, 0}, fake->slots.count});
	return (uint32_t)fake->shapes.count - 1;
}

void fake_snapshot_slot(struct fake_snapshot *fake, enum weigh_snapshot_naming naming, const char *name,
			uint32_t key)
{
	ADD(&fake->slots, struct weigh_snapshot_slot, {naming, fake_snapshot_text(fake, name), key});
	AT(&fake->shapes, struct fake_shape, fake->shapes.count - 1).fields.slots++;
}

uint32_t fake_snapshot_object(struct fake_snapshot *fake, uint32_t shape, uint64_t gross)
{
	ADD(&fake->objects, struct fake_object,
	    {
		    .gross = gross,
		    .net = gross > 16 ? gross - 16 : 0,
		    .shape = shape,
		    .value = FAKE_NONE,
		    .site = FAKE_NONE,
		    .length = FAKE_NONE,
		    .room = FAKE_NONE,
	    });
	return (uint32_t)fake->objects.count - 1;
}

struct fake_object *fake_snapshot_at(struct fake_snapshot *fake, uint32_t object)
{
	return &AT(&fake->objects, struct fake_object, object);
}

void fake_snapshot_refer(struct fake_snapshot *fake, uint32_t object, uint32_t target)
{
	ADD(&fake->references, struct fake_reference, {object, target});
}

void fake_snapshot_root(struct fake_snapshot *fake, enum weigh_snapshot_root kind, const char *label,
			uint32_t object)
{
	ADD(&fake->roots, struct fake_triple, {{kind, fake_snapshot_text(fake, label), object}});
}

void fake_snapshot_label(struct fake_snapshot *fake, uint32_t object, const char *label)
{
	ADD(&fake->labels, struct fake_triple, {{object, fake_snapshot_text(fake, label)}});
}

uint32_t fake_snapshot_value(struct fake_snapshot *fake, enum weigh_snapshot_class class, uint64_t bits,
			     const char *sample)
{
	ADD(&fake->values, struct fake_value,
	    {class, bits, sample ? fake_snapshot_text(fake, sample) : 0, 0});
	return (uint32_t)fake->values.count - 1;
}

void fake_snapshot_wide(struct fake_snapshot *fake, uint32_t value, uint64_t utf8)
{
	AT(&fake->values, struct fake_value, value).utf8 = utf8;
}

void fake_snapshot_fact(struct fake_snapshot *fake, uint32_t object, const uint64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ADD(&fake->facts, struct fake_fact, {object, i == 0, numbers[i]});
}

uint32_t fake_snapshot_node(struct fake_snapshot *fake, uint32_t parent, const char *file,
			    const char *function, uint32_t line)
{
	/* One entry without columns: one code unit of the first line, as 3.11 and later write it. */
	static const char table[] = {(char)(0x80 | 13 << 3), 0};

	ADD(&fake->texts, struct fake_text, {sizeof(table), memcpy(check(malloc(2)), table, 2)});
	uint64_t lines = fake->texts.count - 1;
	ADD(&fake->codes, struct fake_triple,
	    {{fake_snapshot_text(fake, file), fake_snapshot_text(fake, function), lines, line, 0}});
	ADD(&fake->nodes, struct fake_triple, {{parent, fake->codes.count - 1, 1}});
	return (uint32_t)fake->nodes.count - 1;
}

uint32_t fake_snapshot_site(struct fake_snapshot *fake, uint32_t node)
{
	ADD(&fake->sites, struct fake_triple, {{node, 0, fake_snapshot_text(fake, "MainThread")}});
	return (uint32_t)fake->sites.count - 1;
}

/* A section while it is written. */
struct out {
	uint8_t *bytes;
	size_t used, room;
	uint64_t entries;
};

static void reserve(struct out *out, size_t more)
{
	if (out->used + more <= out->room)
		return;
	out->room = (out->used + more) * 2 + 64;
	out->bytes = check(realloc(out->bytes, out->room));
}

static void put(struct out *out, uint64_t value)
{
	reserve(out, 10);
	for (; value >= 0x80; value >>= 7)
		out->bytes[out->used++] = (uint8_t)(value | 0x80);
	out->bytes[out->used++] = (uint8_t)value;
}

static uint64_t zigzag(int64_t value)
{
	return value < 0 ? (uint64_t)(-(value + 1)) * 2 + 1 : (uint64_t)value * 2;
}

static void put_rows(struct out *out, const struct fake_rows *rows, unsigned fields)
{
	for (size_t i = 0; i < rows->count; i++) {
		for (unsigned f = 0; f < fields; f++)
			put(out, AT(rows, struct fake_triple, i).fields[f]);
	}
	out->entries = rows->count;
}

static void put_tables(const struct fake_snapshot *fake, struct out *outs)
{
	struct out *out = &outs[WEIGH_SNAPSHOT_TEXTS];
	for (size_t i = 0; i < fake->texts.count; i++) {
		const struct fake_text *text = &AT(&fake->texts, struct fake_text, i);
		put(out, text->length);
		reserve(out, text->length);
		memcpy(out->bytes + out->used, text->bytes, text->length);
		out->used += text->length;
	}
	out->entries = fake->texts.count;
	out = &outs[WEIGH_SNAPSHOT_TYPES];
	for (size_t i = 0; i < fake->types.count; i++) {
		for (unsigned f = 0; f < 9; f++)
			put(out, AT(&fake->types, struct fake_type, i).fields[f]);
	}
	out->entries = fake->types.count;
	put_rows(&outs[WEIGH_SNAPSHOT_CODES], &fake->codes, 5);
	put_rows(&outs[WEIGH_SNAPSHOT_NODES], &fake->nodes, 3);
	put_rows(&outs[WEIGH_SNAPSHOT_SITES], &fake->sites, 3);
	put_rows(&outs[WEIGH_SNAPSHOT_ROOTS], &fake->roots, 3);

	uint64_t before = 0;
	out = &outs[WEIGH_SNAPSHOT_LABELS];
	for (size_t i = 0; i < fake->labels.count; i++) {
		const uint64_t *fields = AT(&fake->labels, struct fake_triple, i).fields;
		put(out, fields[0] - before);
		put(out, fields[1]);
		before = fields[0];
	}
	out->entries = fake->labels.count;
}

static void put_shapes(const struct fake_snapshot *fake, struct out *out)
{
	for (size_t i = 0; i < fake->shapes.count; i++) {
		const struct fake_shape *shape = &AT(&fake->shapes, struct fake_shape, i);
		put(out, shape->fields.type);
		put(out, shape->fields.flags);
		put(out, shape->fields.tail);
		put(out, shape->fields.slots);
		for (uint64_t s = 0; s < shape->fields.slots; s++) {
			const struct weigh_snapshot_slot *slot =
				&AT(&fake->slots, struct weigh_snapshot_slot, shape->first_slot + s);
			put(out, slot->naming);
			put(out, slot->name);
			if (shape->fields.flags & WEIGH_SHAPE_KEYS)
				put(out, slot->key);
		}
	}
	out->entries = fake->shapes.count;
}

/* Values are numbered as they first occur; those nobody has are left out. */
static void put_values(const struct fake_snapshot *fake, struct out *outs)
{
	uint32_t *numbers = check(malloc((fake->values.count + 1) * sizeof(*numbers)));
	uint64_t next = 0, sampled = 0;

	memset(numbers, 0xff, (fake->values.count + 1) * sizeof(*numbers));
	for (size_t i = 0; i < fake->objects.count; i++) {
		const struct fake_object *object = &AT(&fake->objects, struct fake_object, i);
		struct fake_value value = {.class = WEIGH_VALUE_OTHER};
		if (!(AT(&fake->shapes, struct fake_shape, object->shape).fields.flags & WEIGH_SHAPE_VALUED))
			continue;
		outs[WEIGH_SNAPSHOT_VALUED].entries++;
		if (object->value != FAKE_NONE && numbers[object->value] != UINT32_MAX) {
			put(&outs[WEIGH_SNAPSHOT_VALUED], next - numbers[object->value]);
			continue;
		}
		put(&outs[WEIGH_SNAPSHOT_VALUED], 0);
		if (object->value != FAKE_NONE) {
			value = AT(&fake->values, struct fake_value, object->value);
			numbers[object->value] = (uint32_t)next;
		}
		put(&outs[WEIGH_SNAPSHOT_VALUES], value.class);
		put(&outs[WEIGH_SNAPSHOT_VALUES], value.bits);
		if (value.class == WEIGH_VALUE_TEXT && value.bits > 8)
			put(&outs[WEIGH_SNAPSHOT_VALUES], value.utf8);
		outs[WEIGH_SNAPSHOT_VALUES].entries++;
		if (value.sample) {
			put(&outs[WEIGH_SNAPSHOT_SAMPLES], next - sampled);
			put(&outs[WEIGH_SNAPSHOT_SAMPLES], value.sample);
			outs[WEIGH_SNAPSHOT_SAMPLES].entries++;
			sampled = next;
		}
		next++;
	}
	free(numbers);
}

/* The references of each object in a row, and how often each is referred to. */
struct order {
	size_t *first;
	uint32_t *targets;
	uint64_t *found;
};

static uint64_t slots_of(const struct fake_shape *shape)
{
	return shape->fields.slots * (shape->fields.flags & WEIGH_SHAPE_OWN_KEYS ? 2 : 1);
}

static void order_init(struct order *order, const struct fake_snapshot *fake)
{
	size_t objects = fake->objects.count;

	order->first = check(calloc(objects + 2, sizeof(size_t)));
	order->targets = check(malloc((fake->references.count + 1) * sizeof(uint32_t)));
	order->found = check(calloc(objects + 1, sizeof(uint64_t)));
	for (size_t i = 0; i < fake->references.count; i++)
		order->first[AT(&fake->references, struct fake_reference, i).object + 2]++;
	for (size_t i = 0; i < objects; i++)
		order->first[i + 2] += order->first[i + 1];
	for (size_t i = 0; i < fake->references.count; i++) {
		const struct fake_reference *reference = &AT(&fake->references, struct fake_reference, i);
		order->targets[order->first[reference->object + 1]++] = reference->target;
		if (reference->target != FAKE_NONE)
			order->found[reference->target]++;
	}
	for (size_t i = 0; i < objects; i++) {
		const struct fake_shape *shape = &AT(&fake->shapes, struct fake_shape,
						     AT(&fake->objects, struct fake_object, i).shape);
		const uint64_t *type = AT(&fake->types, struct fake_type, shape->fields.type).fields;
		if (type[6] & WEIGH_TYPE_HEAP && type[3])
			order->found[type[3] - 1]++;
		for (uint64_t s = 0; shape->fields.flags & WEIGH_SHAPE_KEYS && s < shape->fields.slots; s++)
			order->found[AT(&fake->slots, struct weigh_snapshot_slot, shape->first_slot + s)
					     .key]++;
	}
}

static uint64_t put_reference(struct out *out, uint32_t target, uint64_t *guess)
{
	if (target == FAKE_NONE) {
		put(out, 0);
		return 0;
	}
	put(out, 1 + zigzag((int64_t)target - (int64_t)*guess));
	*guess = target;
	return 1;
}

/* Returns references that are not empty. */
static uint64_t put_edges(const struct fake_snapshot *fake, const struct order *order, struct out *outs)
{
	uint64_t **guesses = check(calloc(fake->shapes.count + 1, sizeof(*guesses))), written = 0;
	struct out *out = &outs[WEIGH_SNAPSHOT_EDGES];

	for (size_t i = 0; i < fake->objects.count; i++) {
		uint32_t number = AT(&fake->objects, struct fake_object, i).shape;
		const struct fake_shape *shape = &AT(&fake->shapes, struct fake_shape, number);
		size_t at = order->first[i], end = order->first[i + 1];
		uint64_t slots = slots_of(shape);
		if (!guesses[number]) {
			guesses[number] = check(malloc((slots + 1) * sizeof(uint64_t)));
			for (uint64_t s = 0; s < slots; s++)
				guesses[number][s] = i;
		}
		for (uint64_t s = 0; s < slots; s++) {
			uint32_t target = at < end ? order->targets[at++] : FAKE_NONE;
			written += put_reference(out, target, &guesses[number][s]);
		}
		bool pairs = shape->fields.tail == WEIGH_TAIL_PAIRS;
		if (shape->fields.tail) {
			put(&outs[WEIGH_SNAPSHOT_LENGTHS], (end - at) / (pairs ? 2 : 1));
			outs[WEIGH_SNAPSHOT_LENGTHS].entries++;
		}
		uint64_t guess[2] = {i, i};
		for (size_t t = 0; shape->fields.tail && at < end; t++, at++)
			written += put_reference(out, order->targets[at], &guess[pairs ? t % 2 : 0]);
	}
	for (size_t i = 0; i < fake->shapes.count; i++)
		free(guesses[i]);
	free(guesses);
	out->entries = written;
	return written;
}

static void put_rooms(struct out *out, const struct fake_object *object, const struct fake_shape *shape,
		      size_t references)
{
	uint64_t slots = slots_of(shape), tail = references > slots ? references - slots : 0;
	uint64_t length = shape->fields.slots + (shape->fields.tail == WEIGH_TAIL_PAIRS ? tail / 2 : tail);

	if (object->length != FAKE_NONE)
		length = object->length;
	put(out, length);
	put(out, object->room == FAKE_NONE ? length : object->room);
	out->entries++;
}

static void put_site(const struct fake_snapshot *fake, struct out *out, const struct fake_object *object,
		     uint32_t *before)
{
	out->entries++;
	if (object->site == FAKE_NONE) {
		put(out, 0);
		return;
	}
	put(out, 1 + zigzag((int64_t)object->site - *before));
	*before = object->site;
	if (fake->header.mode == 1) {
		put(out, object->period_log);
		put(out, object->requested);
	}
}

static uint64_t counted(const struct fake_object *object, uint64_t found)
{
	if (object->surplus == FAKE_IMMORTAL)
		return 0;
	uint32_t count = (uint32_t)found + object->surplus;
	return count ? count : 1;
}

static void put_objects(const struct fake_snapshot *fake, const struct order *order, struct out *outs)
{
	uint32_t *sites = check(calloc(fake->shapes.count + 1, sizeof(*sites)));

	for (size_t i = 0; i < fake->objects.count; i++) {
		const struct fake_object *object = &AT(&fake->objects, struct fake_object, i);
		const struct fake_shape *shape = &AT(&fake->shapes, struct fake_shape, object->shape);
		put(&outs[WEIGH_SNAPSHOT_ADDRESSES], (i ? fake->spacing : fake->base) / 8);
		put(&outs[WEIGH_SNAPSHOT_SHAPED], object->shape);
		put(&outs[WEIGH_SNAPSHOT_GROSS], object->gross);
		put(&outs[WEIGH_SNAPSHOT_NET], object->net);
		put(&outs[WEIGH_SNAPSHOT_COUNTED], counted(object, order->found[i]));
		if (shape->fields.flags & WEIGH_SHAPE_SIZED)
			put_rooms(&outs[WEIGH_SNAPSHOT_ROOMS], object, shape,
				  order->first[i + 1] - order->first[i]);
		put_site(fake, &outs[WEIGH_SNAPSHOT_SITED], object, &sites[object->shape]);
	}
	for (int id = WEIGH_SNAPSHOT_ADDRESSES; id <= WEIGH_SNAPSHOT_COUNTED; id++)
		outs[id].entries = fake->objects.count;
	free(sites);
}

static void put_facts(const struct fake_snapshot *fake, struct out *out)
{
	uint32_t before = 0;

	for (size_t i = 0; i < fake->facts.count; i++) {
		const struct fake_fact *fact = &AT(&fake->facts, struct fake_fact, i);
		if (fact->first) {
			put(out, fact->object - before);
			before = fact->object;
			out->entries++;
		}
		put(out, fact->number);
	}
}

static uint8_t *put_file(struct weigh_snapshot_header *header, struct out *outs)
{
	size_t room = sizeof(*header), size = sizeof(*header);

	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++)
		room += ZSTD_compressBound(outs[id].used);
	uint8_t *bytes = check(malloc(room));
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++) {
		size_t stored = 0;
		if (outs[id].used)
			stored = ZSTD_compress(bytes + size, room - size, outs[id].bytes, outs[id].used, 1);
		header->sections[id] =
			(struct weigh_snapshot_section){size, stored, outs[id].used, outs[id].entries};
		size += stored;
		free(outs[id].bytes);
	}
	header->size = size;
	memcpy(bytes, header, sizeof(*header));
	fake_snapshot_seal(bytes);
	return bytes;
}

uint8_t *fake_snapshot_build(const struct fake_snapshot *fake, size_t *size)
{
	struct weigh_snapshot_header header = fake->header;
	struct out outs[WEIGH_SNAPSHOT_SECTIONS] = {0};
	struct order order;

	order_init(&order, fake);
	put_tables(fake, outs);
	put_shapes(fake, &outs[WEIGH_SNAPSHOT_SHAPES]);
	put_values(fake, outs);
	put_objects(fake, &order, outs);
	put_facts(fake, &outs[WEIGH_SNAPSHOT_FACTS]);
	header.objects = fake->objects.count;
	header.references = put_edges(fake, &order, outs);
	free(order.first);
	free(order.targets);
	free(order.found);
	uint8_t *bytes = put_file(&header, outs);
	*size = header.size;
	return bytes;
}

void fake_snapshot_seal(uint8_t *bytes)
{
	struct weigh_snapshot_header header;
	uint64_t words[1 + WEIGH_SNAPSHOT_SECTIONS] = {0};

	memcpy(&header, bytes, sizeof(header));
	header.seal = 0;
	words[0] = XXH3_64bits(&header, sizeof(header));
	for (int id = 0; id < WEIGH_SNAPSHOT_SECTIONS; id++) {
		const struct weigh_snapshot_section *section = &header.sections[id];
		/* A test may have made it lie outside the file: then any seal will do. */
		if (section->stored && section->offset < header.size &&
		    section->stored <= header.size - section->offset)
			words[1 + id] = XXH3_64bits(bytes + section->offset, section->stored);
	}
	header.seal = XXH3_64bits(words, sizeof(words));
	memcpy(bytes, &header, sizeof(header));
}
