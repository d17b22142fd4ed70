/*
 * The heap as changes leave it: see advice/model.h.
 *
 * One thread; allocates with malloc.
 */
#include "advice/model.h"

#include <stdlib.h>
#include <string.h>

/* A column that has at least so many records for each value is worth codes. */
enum { CODES_PER_VALUE = 4 };

struct weigh_error *weigh_model_init(struct weigh_model *model, const struct weigh_evidence *evidence)
{
	const struct weigh_records *records = &evidence->records;

	*model = (struct weigh_model){.tables = calloc((size_t)records->count + 1, sizeof(*model->tables))};
	if (!model->tables)
		return weigh_error_create_memory();
	for (uint32_t t = 0; t < records->count; t++) {
		const struct weigh_table *from = &records->tables[t].model;
		struct weigh_table *table = &model->tables[model->count++];
		*table = *from;
		table->fields = malloc((from->field_count + 1) * sizeof(*table->fields));
		if (!table->fields) {
			weigh_model_deinit(model);
			return weigh_error_create_memory();
		}
		memcpy(table->fields, from->fields, from->field_count * sizeof(*table->fields));
	}
	return NULL;
}

void weigh_model_deinit(struct weigh_model *model)
{
	for (uint32_t t = 0; model->tables && t < model->count; t++)
		free(model->tables[t].fields);
	free(model->tables);
	*model = (struct weigh_model){0};
}

static bool is_worth_codes(const struct weigh_table *table, const struct weigh_table_field *field)
{
	return !field->numbers && field->values && field->values * CODES_PER_VALUE <= table->records;
}

/* Columns, of which numbers and what repeats much become machine numbers. */
static void make_coded(struct weigh_table *table)
{
	table->record = WEIGH_RECORD_COLUMNS;
	for (uint32_t i = 0; i < table->field_count; i++) {
		struct weigh_table_field *field = &table->fields[i];
		if (field->numbers)
			field->content = WEIGH_CONTENT_ARRAY;
		else if (is_worth_codes(table, field))
			field->content = WEIGH_CONTENT_CODES;
	}
}

static bool is_machine(enum weigh_content content)
{
	return content == WEIGH_CONTENT_ARRAY || content == WEIGH_CONTENT_CODES;
}

static void change(struct weigh_table *table, const struct weigh_effect *effect)
{
	switch (effect->kind) {
	case WEIGH_EFFECT_RECORD:
		table->record = (enum weigh_record)effect->to;
		break;
	case WEIGH_EFFECT_CONTENT:
		/* What is machine numbers already has no objects to be changed. */
		if (!is_machine(table->fields[effect->field].content))
			table->fields[effect->field].content = (enum weigh_content)effect->to;
		break;
	case WEIGH_EFFECT_CODED:
		make_coded(table);
		break;
	default:
		break;
	}
}

double weigh_model_apply(struct weigh_model *model, const struct weigh_effect *effect)
{
	if (effect->kind == WEIGH_EFFECT_NONE || effect->kind == WEIGH_EFFECT_BYTES ||
	    effect->table >= model->count)
		return 0;
	struct weigh_table *table = &model->tables[effect->table];
	double before = weigh_table_resident(table);
	change(table, effect);
	return before - weigh_table_resident(table);
}

double weigh_model_saving(const struct weigh_evidence *evidence, const struct weigh_effect *effect)
{
	struct weigh_table table = evidence->records.tables[effect->table].model;
	struct weigh_table_field fields[WEIGH_RECORD_FIELDS];

	memcpy(fields, table.fields, table.field_count * sizeof(*fields));
	table.fields = fields;
	double before = weigh_table_resident(&table);
	change(&table, effect);
	return before - weigh_table_resident(&table);
}

/* Takes the effect back: the table is copied before. */
static double apply_if_it_saves(struct weigh_model *model, const struct weigh_finding *finding)
{
	const struct weigh_effect *effect = &finding->effect;
	struct weigh_table_field fields[WEIGH_RECORD_FIELDS];

	if (effect->kind == WEIGH_EFFECT_BYTES)
		return finding->saving;
	if (effect->kind == WEIGH_EFFECT_NONE || effect->table >= model->count)
		return 0;
	struct weigh_table *table = &model->tables[effect->table], before = *table;
	memcpy(fields, table->fields, table->field_count * sizeof(*fields));
	double saving = weigh_model_apply(model, effect);
	if (saving > 0)
		return saving;
	memcpy(table->fields, fields, table->field_count * sizeof(*fields));
	*table = before;
	return 0;
}

struct weigh_error *weigh_model_waterfall(const struct weigh_evidence *evidence, struct weigh_advice *advice)
{
	struct weigh_model model;
	double rest = advice->quantity == WEIGH_QUANTITY_END ? advice->end : advice->peak;
	struct weigh_error *error = weigh_model_init(&model, evidence);

	if (error)
		return error;
	advice->steps = calloc((size_t)advice->finding_count + 1, sizeof(*advice->steps));
	if (!advice->steps)
		error = weigh_error_create_memory();
	/* What only its author can judge comes last: it stands on what is sure. */
	for (int sure = 1; !error && sure >= 0; sure--) {
		for (uint32_t i = 0; i < advice->finding_count; i++) {
			const struct weigh_finding *finding = &advice->findings[i];
			if ((finding->grade != WEIGH_GRADE_HYPOTHESIS) != sure ||
			    finding->quantity != advice->quantity)
				continue;
			double saving = apply_if_it_saves(&model, finding);
			if (saving <= 0)
				continue;
			rest = saving < rest ? rest - saving : 0;
			advice->steps[advice->step_count++] = (struct weigh_step){i, rest};
		}
	}
	weigh_model_deinit(&model);
	return error;
}
