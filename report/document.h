/*
 * A JSON document as reports write it: texts that come from outside become
 * valid, what there is no memory for is noticed, and half a document is never
 * printed.
 *
 * One thread; allocates with malloc. Texts given as they are must outlive the
 * document.
 */
#ifndef WEIGH_REPORT_DOCUMENT_H
#define WEIGH_REPORT_DOCUMENT_H

#include "base/error.h"
#include "vendor/yyjson/yyjson.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct weigh_document {
	yyjson_mut_doc *doc;
	yyjson_mut_val *root; /* an object */
	yyjson_alc memory;
	bool out_of_memory;
};

/* End with weigh_document_deinit(). The document may not move in between. */
struct weigh_error *weigh_document_init(struct weigh_document *document);
void weigh_document_deinit(struct weigh_document *document);

/* NULL becomes null. */
void weigh_document_text(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			 const char *text);

/* The same with a copy of the text, whose control characters stay and whose damage is mended. */
void weigh_document_outside(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			    const char *text);
void weigh_document_uint(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			 uint64_t number);
void weigh_document_seconds(struct weigh_document *document, yyjson_mut_val *object, const char *key,
			    uint64_t ns);

/* Raw bytes from outside as a value: valid UTF-8 is made of them, copied into the document. */
yyjson_mut_val *weigh_document_value(struct weigh_document *document, const char *bytes, size_t length);

/* Write the document and a newline; WEIGH_ERROR_MEMORY when anything was left out. */
struct weigh_error *weigh_document_print(struct weigh_document *document, FILE *out);

#endif
