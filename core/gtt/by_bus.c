/* SPDX-License-Identifier: MIT */
#include "core/gtt/by_bus.h"

#include <errno.h>
#include <stdlib.h>

#include "core/gtt/gtt.h"
#include "core/vgpu.h"

static int by_bus(const void *a, const void *b)
{
	const struct gtt_table_at *x = a, *y = b;

	return x->bus < y->bus ? -1 : x->bus > y->bus;
}

int gtt_tables_map(struct intel_vgpu *vgpu, struct gtt_map_of_tables *map)
{
	const struct vgpu_gtt *gtt = vgpu->gtt;

	map->nr = 0;
	map->at = calloc(gtt->counts.shadows + GTT_KINDS, sizeof(*map->at));
	if (!map->at)
		return -ENOMEM;
	for (unsigned int kind = 0; kind < GTT_KINDS; kind++)
		if (gtt->scratch[kind].va)
			map->at[map->nr++] = (struct gtt_table_at){ gtt->scratch[kind].bus,
								    gtt->scratch[kind].va };
	for (struct gtt_table *table = gtt->ppgtt.tables; table; table = table->next)
		for (unsigned int kind = 0; kind < GTT_KINDS; kind++)
			if (table->shadow[kind])
				map->at[map->nr++] =
					(struct gtt_table_at){ table->shadow[kind]->page.bus,
							       table->shadow[kind]->page.va };
	qsort(map->at, map->nr, sizeof(*map->at), by_bus);
	return 0;
}

void gtt_tables_unmap(struct gtt_map_of_tables *map)
{
	free(map->at);
	map->at = NULL;
}

const u64 *gtt_tables_find(const struct gtt_map_of_tables *map, u64 bus)
{
	const struct gtt_table_at key = { .bus = bus },
				  *found = bsearch(&key, map->at, map->nr, sizeof(key), by_bus);

	return found ? found->va : NULL;
}
