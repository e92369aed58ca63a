/* SPDX-License-Identifier: MIT */
#include "tests/unit/fake_gpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/unit.h"

/* The count of references to the guest frame that an entry leads to, or NULL. */
static u32 *refs_of(struct gvt_gpu_space *space, u64 entry)
{
	u64 mfn = gtt_addr(&gtt_format_gen9, GTT_GGTT, entry) >> GVT_PAGE_SHIFT;

	if (!gtt_present(entry) || mfn < FAKE_MFN || mfn >= FAKE_MFN + FAKE_FRAMES)
		return NULL;
	return &space->refs[mfn - FAKE_MFN];
}

static void count(struct gvt_gpu_space *space, u64 entry, int by)
{
	u32 *refs = refs_of(space, entry);

	if (refs)
		*refs += by;
}

static void count_run(struct gvt_gpu_space *space, u32 run, int by)
{
	for (u32 i = 0; space->run[run].own && i < GTT_ENTRIES; i++)
		count(space, space->run[run].own[i], by);
	if (!space->run[run].own)
		count(space, space->run[run].fill, by * (int)GTT_ENTRIES);
}

static void fill_run(struct gvt_gpu_space *space, u32 run, u64 fill)
{
	count_run(space, run, -1);
	free(space->run[run].own);
	space->run[run].own = NULL;
	space->run[run].fill = fill;
	count_run(space, run, 1);
}

static int set_part(struct gvt_gpu_space *space, u32 run, u32 first, u32 nr, const u64 *entries,
		    u64 fill)
{
	u64 *own = space->run[run].own;

	if (!own && space->gpu->fail_sets) {
		space->gpu->fail_sets--;
		return -ENOMEM;
	}
	if (!own) {
		own = malloc(GTT_ENTRIES * sizeof(*own));
		for (u32 i = 0; i < GTT_ENTRIES; i++)
			own[i] = space->run[run].fill;
		space->run[run].own = own;
	}
	for (u32 i = 0; i < nr; i++) {
		count(space, own[first + i], -1);
		own[first + i] = entries ? entries[i] : fill;
		count(space, own[first + i], 1);
	}
	return 0;
}

static int ggtt_set(struct gvt_gpu_space *space, u32 first, u32 nr, const u64 *entries, u64 fill)
{
	int err = 0;

	UNIT_CHECK(nr && first < GGTT_PAGES && nr <= GGTT_PAGES - first, "entries 0x%x + 0x%x",
		   first, nr);
	space->gpu->sets++;
	space->gpu->clean = false;
	for (u32 done = 0, n; !err && done < nr; done += n) {
		u32 run = (first + done) / GTT_ENTRIES, at = (first + done) % GTT_ENTRIES;

		n = GTT_ENTRIES - at < nr - done ? GTT_ENTRIES - at : nr - done;
		if (!entries && n == GTT_ENTRIES)
			fill_run(space, run, fill);
		else
			err = set_part(space, run, at, n, entries ? entries + done : NULL, fill);
	}
	return err;
}

static void flush(struct gvt_gpu_space *space)
{
	if (space->gpu->on_flush)
		space->gpu->on_flush(space->gpu);
	space->gpu->flushes++;
	space->gpu->clean = true;
	space->gpu->dma_calls = space->gpu->f->dma_calls;
}

/* Once the space was told something: no entry leads to a frame that goes, and it was flushed. */
static void let_go(struct fake *f, u64 bus)
{
	struct fake_gpu *gpu = f->gpu;
	const u32 *refs = refs_of(gpu->space, bus | 1);

	if (!f->vgpu || !f->vgpu->space || !gpu->sets)
		return;
	UNIT_CHECK(!refs || !*refs, "0x%llx is let go, and in the GPU's GGTT",
		   (unsigned long long)bus);
	UNIT_CHECK(gpu->clean && gpu->dma_calls == f->dma_calls, "0x%llx is let go without a flush",
		   (unsigned long long)bus);
}

static int space_create(struct gvt_gpu *base, const struct gvt_gpu_space_config *config,
			struct gvt_gpu_space **out)
{
	struct fake_gpu *gpu = (struct fake_gpu *)base;

	(void)config;
	gpu->space = fake_pages(sizeof(*gpu->space));
	gpu->space->gpu = gpu;
	*out = gpu->space;
	return 0;
}

static void space_destroy(struct gvt_gpu_space *space)
{
	for (u32 i = 0; i < VGPU_GGTT_PAGES; i++)
		free(space->run[i].own);
	space->gpu->sets = 0;
	munmap(space, sizeof(*space));
}

static u32 reg_read(struct gvt_gpu_space *space, u32 offset)
{
	(void)space;
	(void)offset;
	return 0;
}

static void reg_write(struct gvt_gpu_space *space, u32 offset, u32 val)
{
	(void)space;
	(void)offset;
	(void)val;
}

static void regs_clear(struct gvt_gpu_space *space)
{
	(void)space;
}

static int submit(struct gvt_gpu *gpu, enum gvt_engine engine, const struct gvt_gpu_context ctx[2])
{
	(void)gpu;
	(void)engine;
	(void)ctx;
	return -EBUSY;
}

static u64 engine_time(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	(void)gpu;
	(void)engine;
	return 0;
}

static void reset(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	(void)gpu;
	(void)engine;
}

static const struct gvt_gpu_ops ops = {
	.name = "fake",
	.space_create = space_create,
	.space_destroy = space_destroy,
	.ggtt_set = ggtt_set,
	.flush = flush,
	.reg_read = reg_read,
	.reg_write = reg_write,
	.regs_clear = regs_clear,
	.submit = submit,
	.time = engine_time,
	.reset = reset,
};

void fake_gpu_attach(struct fake_gpu *gpu)
{
	const struct gvt_gpu_space_config config = { 0 };
	struct intel_vgpu *vgpu = gpu->f->vgpu;

	/* Where contexts are not executed, nobody else creates a space. */
	gpu->ours = !vgpu->space;
	if (gpu->ours) {
		space_create(&gpu->gpu, &config, &vgpu->space);
		vgpu_ggtt_push_all(vgpu);
	}
}

void fake_gpu_detach(struct fake_gpu *gpu)
{
	if (!gpu->ours)
		return;
	space_destroy(gpu->space);
	gpu->f->vgpu->space = NULL;
}

struct fake *fake_gpu_vgpu(struct fake_gpu *gpu, bool ggtt)
{
	*gpu = (struct fake_gpu){ .gpu.ops = &ops };
	gpu->f = fake_new_gpu(&gpu->gpu);
	gpu->f->gpu = gpu;
	gpu->f->on_let_go = let_go;
	if (ggtt)
		gpu->f->ggtt = fake_pages(MiB(8));
	fake_activate(gpu->f);
	fake_gpu_attach(gpu);
	return gpu->f;
}

void fake_gpu_free(struct fake_gpu *gpu)
{
	fake_gpu_detach(gpu);
	fake_free(gpu->f);
}

u64 fake_gpu_entry(const struct fake_gpu *gpu, u32 page)
{
	u32 run = page / GTT_ENTRIES;
	const u64 *own = gpu->space->run[run].own;

	return own ? own[page % GTT_ENTRIES] : gpu->space->run[run].fill;
}

void fake_gpu_check(const struct fake_gpu *gpu)
{
	const struct intel_vgpu *vgpu = gpu->f->vgpu;

	for (u32 page = 0, step; page < GGTT_PAGES; page += step) {
		u64 is = fake_gpu_entry(gpu, page),
		    want = vgpu->gtt->ready ? vgpu_ggtt_entry(vgpu, page) : 0;
		u32 run = page / GTT_ENTRIES;

		/* Of a run whose entries are all alike, look at one. */
		step = gpu->space->run[run].own || vgpu->gtt->ggtt.leaves[run].own ? 1
										   : GTT_ENTRIES;
		if (is != want)
			ck_abort_msg("page 0x%x: the GPU has 0x%llx, the shadow 0x%llx", page,
				     (unsigned long long)is, (unsigned long long)want);
	}
}
