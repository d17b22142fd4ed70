/*
 * A JSON document as reports write it: see report/document.h.
 *
 * One thread; allocates with malloc.
 */
#include "report/document.h"

#include "capture/names.h"

#include <stdlib.h>
#include <string.h>

/*
 * The library leaves out what it has no memory for; these remember that it
 * did.
 */
static void *note_malloc(void *document, size_t size)
{
	void *block = malloc(size);

	((struct weigh_document *)document)->out_of_memory |= !block;
	return block;
}

static void *note_realloc(void *document, void *old, size_t old_size, size_t size)
{
	void *block = realloc(old, size);

	(void)old_size;
	((struct weigh_document *)document)->out_of_memory |= !block;
	return block;
}

static void note_free(void *document, void *block)
{
	(void)document;
	free(block);
}

struct weigh_error *weigh_document_init(struct weigh_document *document)
{
	*document = (struct weigh_document){.memory = {note_malloc, note_realloc, note_free, document}};
	document->doc = yyjson_mut_doc_new(&document->memory);
	if (!document->doc)
		return weigh_error_create_memory();
	document->root = yyjson_mut_obj(document->doc);
	yyjson_mut_doc_set_root(document->doc, document->root);
	return NULL;
}

void weigh_document_deinit(struct weigh_document *document)
{
	yyjson_mut_doc_free(document->doc);
	document->doc = NULL;
}

void weigh_document_text(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			 const char *text)
{
	if (text)
		yyjson_mut_obj_add_str(document->doc, object, key, text);
	else
		yyjson_mut_obj_add_null(document->doc, object, key);
}

void weigh_document_outside(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			    const char *text)
{
	yyjson_mut_obj_add_val(document->doc, object, key,
			       text ? weigh_document_value(document, text, strlen(text))
				    : yyjson_mut_null(document->doc));
}

void weigh_document_uint(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			 uint64_t number)
{
	yyjson_mut_obj_add_uint(document->doc, object, key, number);
}

void weigh_document_seconds(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			    uint64_t ns)
{
	yyjson_mut_obj_add_real(document->doc, object, key, (double)ns / 1e9);
}

yyjson_mut_val *weigh_document_value(struct weigh_document *document, const char *bytes, size_t length)
{
	char *clean = weigh_text_clean(bytes, length, true);
	yyjson_mut_val *value = clean ? yyjson_mut_strcpy(document->doc, clean) : NULL;

	document->out_of_memory |= !clean;
	free(clean);
	return value;
}

struct weigh_error *weigh_document_print(struct weigh_document *document, FILE *out)
{
	yyjson_write_err failure;
	size_t length;

	if (document->out_of_memory)
		return weigh_error_create_memory();
	char *text = yyjson_mut_write_opts(document->doc, YYJSON_WRITE_PRETTY_TWO_SPACES, &document->memory,
					   &length, &failure);
	if (!text && document->out_of_memory)
		return weigh_error_create_memory();
	if (!text)
		return weigh_error_create(WEIGH_ERROR_STATE, "JSON: %s: report this as a bug", failure.msg);
	fwrite(text, 1, length, out);
	fputc('\n', out);
	free(text);
	return NULL;
}
