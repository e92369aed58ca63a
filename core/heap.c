/* SPDX-License-Identifier: MIT */
/* Memory that we allocate on a guest's behalf: counted, and charged to the guest's quota. */
#include <stdlib.h>

#include "core/vgpu.h"

void *vgpu_alloc(struct intel_vgpu *vgpu, size_t size)
{
	void *p;

	if (intel_gvt_hypervisor_charge(vgpu, (s64)size))
		return NULL;
	p = calloc(1, size);
	if (!p) {
		intel_gvt_hypervisor_charge(vgpu, -(s64)size);
		return NULL;
	}
	vgpu->heap += size;
	return p;
}

void vgpu_free(struct intel_vgpu *vgpu, void *p, size_t size)
{
	if (!p)
		return;
	free(p);
	vgpu->heap -= size;
	intel_gvt_hypervisor_charge(vgpu, -(s64)size);
}
