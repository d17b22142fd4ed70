/*
 * The reference model: see model.h. One thread; allocates nothing.
 */
#include "model.h"

#include "weigh/format.h"

#include <string.h>

void model_init(struct model *model)
{
	memset(model, 0, sizeof(*model));
}

static void add(struct model_sum *sum, uint64_t bytes, uint64_t footprint)
{
	sum->bytes += bytes;
	sum->footprint += footprint;
	sum->blocks++;
}

static struct model_block *find(const struct model *model, const void *address)
{
	for (unsigned i = 0; i < model->count; i++)
		if (model->blocks[i].address == address)
			return (struct model_block *)&model->blocks[i];
	return NULL;
}

bool model_knows(const struct model *model, const void *address)
{
	return find(model, address) != NULL;
}

static void drop(struct model *model, struct model_block *block)
{
	*block = model->blocks[--model->count];
	model->standing = false;
}

void model_alloc(struct model *model, const void *address, uint64_t bytes, uint64_t footprint, unsigned site)
{
	model->allocations++;
	model->blocks[model->count++] =
		(struct model_block){address, bytes, footprint, model->allocations, site};
	add(&model->total[site], bytes, footprint);
	add(&model->recorded, bytes, footprint);
}

void model_free(struct model *model, const void *address)
{
	struct model_block *block = find(model, address);
	if (!block)
		return;
	if (model->allocations - block->birth < WEIGH_TEMPORARY)
		add(&model->temporary[block->site], block->bytes, block->footprint);
	drop(model, block);
}

void model_move(struct model *model, const void *address)
{
	struct model_block *block = find(model, address);
	if (block)
		drop(model, block);
}

void model_retract(struct model *model, const void *address)
{
	struct model_block *block = find(model, address);
	if (!block)
		return;
	struct model_sum *total = &model->total[block->site];
	total->bytes -= block->bytes;
	total->footprint -= block->footprint;
	total->blocks--;
	drop(model, block);
}

void model_unmap(struct model *model, unsigned first, unsigned pages)
{
	for (unsigned page = first; page < first + pages && page < MODEL_PAGES; page++) {
		if (model->pages[page]) {
			model->mappings[model->pages[page] - 1].bytes = 0;
			model->standing = false;
		}
		model->pages[page] = 0;
	}
}

void model_map(struct model *model, unsigned first, uint64_t bytes, unsigned site)
{
	unsigned pages = (unsigned)((bytes + MODEL_PAGE - 1) / MODEL_PAGE);
	model_unmap(model, first, pages);
	model->mappings[model->mappings_made++] = (struct model_mapping){bytes, site};
	for (unsigned page = first; page < first + pages; page++)
		model->pages[page] = model->mappings_made;
	model->allocations++;
	add(&model->total[site], bytes, (uint64_t)pages * MODEL_PAGE);
}

static void add_live(struct model_sum *all, struct model_sum *site, uint64_t bytes, uint64_t footprint)
{
	add(all, bytes, footprint);
	add(site, bytes, footprint);
}

struct model_sum model_live(const struct model *model, struct model_sum *sites)
{
	struct model_sum all = {0};
	memset(sites, 0, sizeof(*sites) * MODEL_SITES);
	for (unsigned i = 0; i < model->count; i++) {
		const struct model_block *block = &model->blocks[i];
		add_live(&all, &sites[block->site], block->bytes, block->footprint);
	}
	for (unsigned page = 0; page < MODEL_PAGES;) {
		unsigned number = model->pages[page];
		unsigned end = page;
		while (end < MODEL_PAGES && model->pages[end] == number)
			end++;
		uint64_t footprint = (uint64_t)(end - page) * MODEL_PAGE;
		page = end;
		if (!number)
			continue;
		const struct model_mapping *mapping = &model->mappings[number - 1];
		add_live(&all, &sites[mapping->site], mapping->bytes ? mapping->bytes : footprint, footprint);
	}
	return all;
}

void model_settle(struct model *model)
{
	struct model_sum sites[MODEL_SITES];
	struct model_sum live = model_live(model, sites);
	if (live.footprint < model->peak.footprint ||
	    (live.footprint == model->peak.footprint && !model->standing))
		return;
	model->peak = live;
	model->standing = true;
	memcpy(model->at_peak, sites, sizeof(sites));
}
