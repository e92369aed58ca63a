/* SPDX-License-Identifier: MIT */
#include "tests/unit/fake_mpt.h"

#include "tests/unit/unit.h"

#include <linux/pci_regs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define RAM_SIZE (FAKE_RAM_PAGES * GVT_PAGE_SIZE)

static struct fake *of(unsigned long handle)
{
	return (struct fake *)handle;
}

void *fake_pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

static int failing(int *err)
{
	int was = *err;

	*err = 0;
	return was;
}

__attribute__((format(printf, 2, 3))) static void note(struct fake *f, const char *format, ...)
{
	size_t at = strlen(f->log);
	va_list args;

	f->calls++;
	va_start(args, format);
	vsnprintf(f->log + at, sizeof(f->log) - at, format, args);
	va_end(args);
}

static int attach_vgpu(struct intel_vgpu *vgpu, unsigned long *handle)
{
	struct fake *f = vgpu->owner;
	int err = failing(&f->fail_attach);

	if (err)
		return err;
	f->attached++;
	for (unsigned int page = 0; f->mirror && page < GVT_MMIO_PAGES; page++)
		if (!intel_gvt_page_traps(f->gvt, page))
			vgpu->mirror[page] = f->mirror + page * GVT_PAGE_SIZE / sizeof(u32);
	if (f->ggtt)
		vgpu->ggtt = f->ggtt;
	*handle = (unsigned long)f;
	return 0;
}

static void detach_vgpu(unsigned long handle)
{
	of(handle)->attached--;
}

static int inject_msi(unsigned long handle, u32 addr, u16 data)
{
	struct fake *f = of(handle);
	int err = failing(&f->fail_msi);

	f->calls++;
	if (err)
		return err;
	f->msi_addr = addr;
	f->msi_data = data;
	return 0;
}

static int set_intx(unsigned long handle, bool level)
{
	struct fake *f = of(handle);

	f->calls++;
	f->intx_calls++;
	if (!f->fail_intx)
		f->intx = level;
	return f->fail_intx;
}

/* Whether writes to guest frame @gfn trap, or NULL if there is no memory. */
static bool *track_of(struct fake *f, u64 gfn)
{
	u64 first = (FAKE_BAR0 + VGPU_GGTT_OFFSET) >> GVT_PAGE_SHIFT;

	if (f->ggtt && gfn - first < VGPU_GGTT_PAGES && f->placed[VGPU_BAR_GTTMM] == FAKE_BAR0)
		return &f->tracked_ggtt[gfn - first];
	return gfn < FAKE_RAM_PAGES && f->mfn[gfn] ? &f->tracked[gfn] : NULL;
}

static int enable_page_track(unsigned long handle, u64 gfn)
{
	struct fake *f = of(handle);
	int err = failing(&f->fail_track);

	f->calls++;
	if (err)
		return err;
	if (!track_of(f, gfn))
		return -EINVAL;
	if (*track_of(f, gfn))
		return -EEXIST;
	if (f->on_track)
		f->on_track(f, gfn);
	*track_of(f, gfn) = true;
	return 0;
}

static int disable_page_track(unsigned long handle, u64 gfn)
{
	struct fake *f = of(handle);
	int err = failing(&f->fail_track);

	f->calls++;
	if (err)
		return err;
	if (!track_of(f, gfn) || !*track_of(f, gfn))
		return -ENOENT;
	*track_of(f, gfn) = false;
	return 0;
}

static bool present(const struct fake *f, unsigned long gpa, unsigned long len)
{
	if (gpa > RAM_SIZE || len > RAM_SIZE - gpa)
		return false;
	for (u64 at = ALIGN_DOWN(gpa, GVT_PAGE_SIZE); at < gpa + len; at += GVT_PAGE_SIZE)
		if (!f->mfn[at >> GVT_PAGE_SHIFT])
			return false;
	return true;
}

static int read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	of(handle)->maps_made += of(handle)->maps_each;
	if (!present(of(handle), gpa, len))
		return -EFAULT;
	memcpy(buf, of(handle)->ram + gpa, len);
	return 0;
}

static int write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	if (!present(of(handle), gpa, len))
		return -EFAULT;
	memcpy(of(handle)->ram + gpa, buf, len);
	return 0;
}

/* As in Xen, areas of one owner may not overlap, and only a whole area can be undone. */
static int set_trap_area(unsigned long handle, u64 start, u64 end, bool map)
{
	struct fake *f = of(handle);
	int err = failing(&f->fail_area), slot = -1;

	if (start >= end || (start | end) % GVT_PAGE_SIZE)
		ck_abort_msg("an area from 0x%llx to 0x%llx", (unsigned long long)start,
			     (unsigned long long)end);
	if (err)
		return err;
	for (int i = 0; i < (int)FAKE_AREAS; i++) {
		bool same = f->areas[i].start == start && f->areas[i].end == end;

		if (map && f->areas[i].end > start && f->areas[i].start < end)
			return -EEXIST;
		if (map ? !f->areas[i].end : same)
			slot = i;
	}
	if (slot < 0)
		return map ? -ENOMEM : -ENOENT;
	f->areas[slot].start = map ? start : 0;
	f->areas[slot].end = map ? end : 0;
	note(f, "%c%llx-%llx ", map ? '+' : '-', (unsigned long long)start,
	     (unsigned long long)end);
	return 0;
}

static int place_bar(unsigned long handle, unsigned int bar, u64 gpa)
{
	struct fake *f = of(handle);
	int err = failing(&f->fail_place);

	if (err)
		return err;
	f->placed[bar] = gpa;
	if (gpa == INTEL_GVT_BAR_OFF)
		note(f, "@%u:off ", bar);
	else
		note(f, "@%u:%llx ", bar, (unsigned long long)gpa);
	return 0;
}

static int get_vfio_device(unsigned long handle)
{
	of(handle)->refs++;
	return 0;
}

static void put_vfio_device(unsigned long handle)
{
	of(handle)->refs--;
}

static bool is_valid_gfn(unsigned long handle, unsigned long gfn)
{
	of(handle)->asked++;
	return gfn < FAKE_RAM_PAGES && of(handle)->mfn[gfn];
}

static void tell(unsigned long handle, enum intel_gvt_note note, const char *reason,
		 const char *text)
{
	struct fake *f = of(handle);

	f->notes[note]++;
	snprintf(f->noted, sizeof(f->noted), "%s: %s", reason, text);
}

static int charge(unsigned long handle, s64 bytes)
{
	struct fake *f = of(handle);

	if (bytes > 0 && f->heap_limit &&
	    __atomic_load_n(&f->heap, __ATOMIC_RELAXED) + bytes > f->heap_limit)
		return -ENOSPC;
	__atomic_add_fetch(&f->heap, bytes, __ATOMIC_RELAXED);
	return 0;
}

static u64 maps_made(unsigned long handle)
{
	return of(handle)->maps_made;
}

static void set_alarm(unsigned long handle, u64 when)
{
	of(handle)->alarm = when;
}

static void wake(unsigned long handle)
{
	struct fake *f = of(handle);

	sem_post(&f->woken);
	if (f->on_wake)
		f->on_wake(f);
}

static const struct intel_gvt_mpt fake_mpt = {
	.name = "fake",
	.attach_vgpu = attach_vgpu,
	.detach_vgpu = detach_vgpu,
	.inject_msi = inject_msi,
	.set_intx = set_intx,
	.enable_page_track = enable_page_track,
	.disable_page_track = disable_page_track,
	.read_gpa = read_gpa,
	.write_gpa = write_gpa,
	.set_trap_area = set_trap_area,
	.place_bar = place_bar,
	.get_vfio_device = get_vfio_device,
	.put_vfio_device = put_vfio_device,
	.is_valid_gfn = is_valid_gfn,
	.gfn_to_mfn = fake_gfn_to_mfn,
	.dma_map_guest_page = fake_dma_map_page,
	.dma_unmap_guest_page = fake_dma_unmap_page,
	.dma_map_guest_pages = fake_dma_map_pages,
	.dma_unmap_guest_pages = fake_dma_unmap_pages,
	.alloc_host_pages = fake_alloc_host,
	.free_host_pages = fake_free_host,
	.from_virt_to_mfn = fake_virt_to_mfn,
	.map_gfn_to_mfn = fake_map_gfn_to_mfn,
	.dma_to_virt = fake_dma_to_virt,
	.charge = charge,
	.maps_made = maps_made,
	.alarm = set_alarm,
	.wake = wake,
	.note = tell,
};

struct fake *fake_new(void)
{
	return fake_new_gpu(NULL);
}

struct fake *fake_new_gpu(struct gvt_gpu *gpu)
{
	struct fake *f = fake_pages(sizeof(*f));

	f->ram = fake_pages(RAM_SIZE);
	for (u32 i = 0; i < INTEL_GVT_SECTIONS; i++)
		f->state[i] = fake_pages(intel_gvt_sections[i]->size);
	fake_dma_init(f);
	sem_init(&f->woken, 0, 0);
	for (int i = 0; i < VGPU_NR_BARS; i++)
		f->placed[i] = INTEL_GVT_BAR_OFF;
	if (gpu)
		ck_assert_int_eq(gvt_sched_create(gpu, &f->sched), 0);
	ck_assert_int_eq(intel_gvt_init(&fake_mpt, gpu, gpu ? gvt_sched_share(f->sched) : NULL, f,
					&f->gvt),
			 0);
	return f;
}

void *fake_section(const struct fake *f, const struct gvt_section *section)
{
	for (u32 i = 0; i < INTEL_GVT_SECTIONS; i++)
		if (intel_gvt_sections[i] == section)
			return f->state[i];
	return NULL;
}

int fake_create(struct fake *f, u32 aperture_mib)
{
	const struct intel_vgpu_params params = {
		.id = 7,
		.aperture_mib = aperture_mib,
		.fences = 32,
		.heads = f->heads,
	};

	return intel_gvt_create_vgpu(f->gvt, &params, f->state, f, &f->vgpu);
}

struct fake *fake_activate(struct fake *f)
{
	f->mirror = fake_pages(GVT_MMIO_SIZE);
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	fake_place(f);
	fake_log(f);
	return f;
}

struct fake *fake_vgpu(void)
{
	return fake_activate(fake_new());
}

struct fake *fake_vgpu_ggtt(void)
{
	return fake_vgpu_gpu(NULL);
}

struct fake *fake_vgpu_gpu(struct gvt_gpu *gpu)
{
	struct fake *f = fake_new_gpu(gpu);

	f->ggtt = fake_pages(MiB(8));
	return fake_activate(f);
}

bool fake_serve(struct fake *f, unsigned int ms)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000l;
	if (end.tv_nsec >= 1000000000l) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000l;
	}
	if (sem_timedwait(&f->woken, &end))
		return false;
	/* As in Xen, several wake-ups count as one. */
	while (!sem_trywait(&f->woken))
		;
	intel_vgpu_service(f->vgpu);
	return true;
}

void fake_ggtt_write(struct fake *f, u32 page, u64 entry)
{
	if (!f->ggtt || f->tracked_ggtt[page / GTT_ENTRIES])
		fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8ull * page, 8, entry);
	else
		f->ggtt[page] = entry;
}

void fake_place(struct fake *f)
{
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, (u32)FAKE_BAR0);
	fake_cfg_write(f, PCI_BASE_ADDRESS_2, 4, (u32)FAKE_BAR2);
	fake_cfg_write(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 0, NULL), FAKE_BAR0);
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 2, NULL), FAKE_BAR2);
}

void fake_free(struct fake *f)
{
	intel_gvt_destroy_vgpu(f->vgpu);
	ck_assert_uint_eq(f->attached, 0);
	ck_assert_uint_eq(f->heap, 0);
	for (u32 gfn = 0; gfn < FAKE_RAM_PAGES; gfn++)
		if (f->tracked[gfn])
			ck_abort_msg("page 0x%x is still tracked", gfn);
	for (u32 page = 0; page < VGPU_GGTT_PAGES; page++)
		if (f->tracked_ggtt[page])
			ck_abort_msg("page 0x%x of the GGTT is still tracked", page);
	fake_dma_exit(f);
	sem_destroy(&f->woken);
	intel_gvt_exit(f->gvt);
	gvt_sched_destroy(f->sched);
	if (f->ggtt)
		munmap(f->ggtt, MiB(8));
	if (f->mirror)
		munmap(f->mirror, GVT_MMIO_SIZE);
	for (u32 i = 0; i < INTEL_GVT_SECTIONS; i++)
		munmap(f->state[i], intel_gvt_sections[i]->size);
	munmap(f->ram, RAM_SIZE);
	munmap(f, sizeof(*f));
}

const char *fake_log(struct fake *f)
{
	memcpy(f->shown, f->log, sizeof(f->shown));
	f->log[0] = '\0';
	return f->shown;
}

/* Not ck_assert: Check writes a record for each, and there are hundreds of thousands. */
static void taken(int err, const char *what, u64 at, unsigned int bytes)
{
	if (err)
		ck_abort_msg("%s of %u bytes at 0x%llx: %d", what, bytes, (unsigned long long)at,
			     err);
}

u32 fake_cfg_read(struct fake *f, unsigned int reg, unsigned int bytes)
{
	u64 val = 0;

	taken(intel_vgpu_emulate_cfg_read(f->vgpu, reg, &val, bytes), "cfg read", reg, bytes);
	return val;
}

void fake_cfg_write(struct fake *f, unsigned int reg, unsigned int bytes, u32 val)
{
	taken(intel_vgpu_emulate_cfg_write(f->vgpu, reg, &val, bytes), "cfg write", reg, bytes);
}

u64 fake_read(struct fake *f, u64 pa, unsigned int bytes)
{
	u64 val = 0;

	taken(intel_vgpu_emulate_mmio_read(f->vgpu, pa, &val, bytes), "read", pa, bytes);
	if (val & ~unit_ones(bytes))
		ck_abort_msg("a read of %u bytes gave 0x%llx", bytes, (unsigned long long)val);
	return val;
}

void fake_write(struct fake *f, u64 pa, unsigned int bytes, u64 val)
{
	taken(intel_vgpu_emulate_mmio_write(f->vgpu, pa, &val, bytes), "write", pa, bytes);
}

u32 fake_reg(struct fake *f, u32 offset)
{
	return fake_read(f, FAKE_BAR0 + offset, 4);
}

void fake_reg_write(struct fake *f, u32 offset, u32 val)
{
	fake_write(f, FAKE_BAR0 + offset, 4, val);
}
