/* SPDX-License-Identifier: MIT */
/* Finding our tables by bus address, as the GPU does; for inspection, too slow for other uses. */
#ifndef CORE_GTT_BY_BUS_H
#define CORE_GTT_BY_BUS_H

#include "core/hw/format.h"

struct intel_vgpu;

/* All host pages that are tables, sorted by bus address. */
struct gtt_map_of_tables {
	struct gtt_table_at {
		u64 bus;
		const u64 *va;
	} * at;
	size_t nr;
};

/** gtt_tables_map() - list them; released by gtt_tables_unmap(). Returns 0 or -ENOMEM. */
int gtt_tables_map(struct intel_vgpu *vgpu, struct gtt_map_of_tables *map);

void gtt_tables_unmap(struct gtt_map_of_tables *map);

/** gtt_tables_find() - the table at @bus; NULL: none of ours is there. */
const u64 *gtt_tables_find(const struct gtt_map_of_tables *map, u64 bus);

#endif
