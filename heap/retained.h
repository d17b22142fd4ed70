/*
 * The objects that keep most alive, one by one, and what the globals of
 * modules keep.
 *
 * One thread; allocates with malloc, 12 bytes for each object while it works.
 */
#ifndef WEIGH_HEAP_RETAINED_H
#define WEIGH_HEAP_RETAINED_H

#include "base/error.h"
#include "heap/below.h"
#include "heap/routes.h"

#include <stdbool.h>
#include <stdint.h>

struct weigh_retained_row {
	uint32_t object;
	uint64_t retained, gross;
	uint64_t below; /* objects that go with it, itself included */
};

struct weigh_retained {
	struct weigh_retained_row *rows; /* by retained, largest first */
	uint32_t count;
	uint64_t rest; /* objects beyond the limit */
};

/*
 * The `limit` objects that retain most (0: all that retain more than they
 * occupy). Left out are modules and their dicts, a __dict__ beside its owner,
 * of a chain all links but the first, and an object of which one other alone
 * keeps 95 %, which then stands for both: its path names them; and with a limit
 * of objects that are reached alike all but three. With `chosen` (may be NULL)
 * only objects that have a 1 there are looked at, whatever they are. End with
 * weigh_retained_deinit().
 */
struct weigh_error *weigh_retained_init(struct weigh_retained *retained, const struct weigh_routes *routes,
					const struct weigh_heap_below *below, const uint8_t *chosen,
					uint32_t limit);
void weigh_retained_deinit(struct weigh_retained *retained);

/* A global. */
struct weigh_module_name {
	uint32_t place; /* in the references of the module's dict */
	uint32_t object;
	uint64_t retained; /* by the object */
	bool within; /* the module alone keeps it, by this name or in other ways */
	bool alone;  /* its bytes go with the name: nothing else refers to it but what it keeps itself */
};

struct weigh_module_row {
	uint32_t module, dict;
	uint64_t retained; /* what goes when the module goes */
	struct weigh_module_name *names; /* by retained, largest first */
	uint32_t name_count;
};

struct weigh_modules {
	struct weigh_module_row *rows; /* by retained, largest first */
	uint32_t count;
};

/*
 * Modules in sys.modules whose name is `pattern`, or meets it as a glob (NULL:
 * all). End with weigh_modules_deinit().
 */
struct weigh_error *weigh_modules_init(struct weigh_modules *modules, const struct weigh_routes *routes,
				       const struct weigh_heap_below *below, const char *pattern);
void weigh_modules_deinit(struct weigh_modules *modules);

#endif
