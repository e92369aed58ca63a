/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor of a few lines for the core alone: guest memory is an array, and the core's calls
 * are noted. Each test makes its own.
 */
#ifndef TESTS_UNIT_FAKE_MPT_H
#define TESTS_UNIT_FAKE_MPT_H

#include <pthread.h>
#include <semaphore.h>

#include "core/base/section.h"
#include "core/exec/exec.h"
#include "core/gpu/sched/sched.h"
#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/gtt/state.h"
#include "core/irq/irq.h"
#include "core/pci/cfg_space.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define FAKE_RAM_PAGES 4096u /* guest memory from address 0 on */
#define FAKE_AREAS     4u
#define FAKE_FRAMES    (8 * FAKE_RAM_PAGES) /* machine frames that may be behind guest memory */
#define FAKE_MFN       0x100000ull	    /* the first of these frames */
#define FAKE_HOST_MFN  0x4000000ull	    /* host pages have this bit */
#define FAKE_ALIASES   65536u

/* Where fake_place() puts the BARs. */
#define FAKE_BAR0 0xf4000000ull
#define FAKE_BAR2 0x80000000ull

struct fake {
	struct intel_gvt *gvt;
	struct gvt_sched *sched; /* its GPU's scheduler, or NULL */
	void *state[INTEL_GVT_SECTIONS];
	struct intel_vgpu *vgpu;
	u8 *ram;
	u32 *mirror; /* register pages that the guest reads directly, or NULL */
	u64 *ggtt;   /* guest memory of the GGTT half of BAR0, or NULL */
	bool tracked[FAKE_RAM_PAGES];
	bool tracked_ggtt[VGPU_GGTT_PAGES];
	struct {
		u64 start, end; /* .end 0: free */
	} areas[FAKE_AREAS];
	u64 placed[VGPU_NR_BARS];
	unsigned int attached, refs;
	u64 calls; /* calls about a vGPU, except reads and writes of memory */

	/* Memory as the GPU reaches it: fake_dma.c. */
	u64 mfn[FAKE_RAM_PAGES];    /* the frame behind each guest frame; 0: it was given up */
	u64 pinned[FAKE_RAM_PAGES]; /* the frame that was mapped last */
	u64 next_mfn;
	struct fake_frame {
		u32 heads[3]; /* mappings of 4 KiB, 64 KiB, 2 MiB that begin here */
		u32 pins;     /* mappings that contain it */
		u32 aliases;
		u32 gfn;
	} * frames;
	struct {
		u64 gfn, mfn; /* .mfn 0: free */
	} * aliases;
	struct fake_host {
		struct fake_host *next;
		u8 *va;
		size_t nr;
	} * host;
	size_t host_pages, pins, nr_aliases;
	size_t dma_limit;		   /* unless 0, the most references at a time */
	size_t host_limit;		   /* unless 0, the most host pages */
	u64 heap, heap_limit;		   /* bytes charged, and unless 0, their bound */
	u64 maps_made, maps_each;	   /* mappings of guest memory so far; added by each read */
	u64 dma_calls, alias_calls, asked; /* .asked: frames of are_valid_gfns() and the like */
	pthread_mutex_t dma_lock;	   /* a GPU's threads look frames up */
	sem_t woken;			   /* posted by each wake */

	u32 heads; /* of vGPUs that are made from now on */
	u64 alarm; /* when it is due, in ns; 0: it is not */

	unsigned int notes[2]; /* by enum intel_gvt_note */
	char noted[256];       /* the last note, as "reason: text" */

	char log[1024];	  /* trap areas and placements: "+start-end", "-start-end", "@bar:gpa" */
	char shown[1024]; /* what fake_log() returned last */
	u32 msi_addr;
	u16 msi_data;
	bool intx;     /* the level of the pin */
	int fail_intx; /* unless 0, the errno that driving it fails with */
	unsigned int intx_calls;

	/* Unless 0, the errno that the next such call fails with. */
	int fail_attach, fail_area, fail_place, fail_track, fail_msi, fail_dma, fail_alias;
	void (*on_track)(struct fake *f, u64 gfn); /* the guest's action just before tracking */
	bool no_alias;				   /* the back end has no aliases */
	/* Unless NULL, called for each page at @bus that the GPU may not reach any more. */
	void (*on_let_go)(struct fake *f, u64 bus);
	/* Unless NULL, called before a page at @bus is looked up, in any of the GPU's threads. */
	void (*on_look)(struct fake *f, u64 bus);
	/* Unless NULL, called when the vGPU is woken, in any of the GPU's threads. */
	void (*on_wake)(struct fake *f);
	void *gpu; /* for on_let_go() */
};

/** fake_new() - back end, shared part and state, without a vGPU. */
struct fake *fake_new(void);

/** fake_new_gpu() - the same with a GPU that executes, which outlives the fake. */
struct fake *fake_new_gpu(struct gvt_gpu *gpu);

/** fake_section() - its state's memory for @section, which outlives the vGPU. */
void *fake_section(const struct fake *f, const struct gvt_section *section);

/** fake_create() - make its vGPU, with an aperture of @aperture_mib. Returns the core's result. */
int fake_create(struct fake *f, u32 aperture_mib);

/**
 * fake_activate() - make the vGPU of fake_new() active, with its registers mirrored and BARs
 * placed.
 */
struct fake *fake_activate(struct fake *f);

/** fake_vgpu() - fake_new() and fake_activate(). */
struct fake *fake_vgpu(void);

/** fake_vgpu_ggtt() - the same, with guest memory behind the GGTT. */
struct fake *fake_vgpu_ggtt(void);

/** fake_vgpu_gpu() - the same, and with a GPU that executes. */
struct fake *fake_vgpu_gpu(struct gvt_gpu *gpu);

/**
 * fake_serve() - wait, at most @ms milliseconds, for the vGPU to be woken; then have it do its
 * work. False: it was not woken.
 */
bool fake_serve(struct fake *f, unsigned int ms);

/** fake_ggtt_write() - the guest writes entry @page; the write traps if it would. */
void fake_ggtt_write(struct fake *f, u32 page, u64 entry);

/** fake_place() - program the BARs and enable memory decoding, as firmware does. */
void fake_place(struct fake *f);

/** fake_free() - free everything, and check that the vGPU leaves nothing. */
void fake_free(struct fake *f);

/** fake_give_up() - the guest has no frame at @gfn any more. The core is not told. */
void fake_give_up(struct fake *f, u32 gfn);

/** fake_populate() - the guest has a frame at @gfn again, a different one. */
void fake_populate(struct fake *f, u32 gfn);

/**
 * fake_scatter() - change frames so that no neighbours of guest memory are neighbours for the GPU.
 */
void fake_scatter(struct fake *f);

/** fake_host_page() - the host page at bus address @bus, or NULL. */
u64 *fake_host_page(const struct fake *f, u64 bus);

/** fake_pinned() - true if the frame at bus address @bus is mapped, and still the guest's. */
bool fake_pinned(const struct fake *f, u64 bus);

/** fake_alias() - the frame that is aliased at @gfn; 0: none. */
u64 fake_alias(const struct fake *f, u64 gfn);

/* fake_dma.c, for fake_mpt.c: the services, and the memory that they need. */
int fake_dma_map_pages(unsigned long handle, const u64 *gfns, size_t nr, dma_addr_t *bus);
void fake_dma_unmap_pages(unsigned long handle, const dma_addr_t *bus, size_t nr);
int fake_dma_map_page(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *bus);
void fake_dma_unmap_page(unsigned long handle, dma_addr_t bus);
void *fake_alloc_host(unsigned long handle, size_t nr);
void fake_free_host(unsigned long handle, void *va, size_t nr);
unsigned long fake_virt_to_mfn(unsigned long handle, void *va);
unsigned long fake_gfn_to_mfn(unsigned long handle, unsigned long gfn);
int fake_map_gfn_to_mfn(unsigned long handle, unsigned long gfn, unsigned long mfn, unsigned int nr,
			bool map);
void *fake_dma_to_virt(unsigned long handle, dma_addr_t bus);
void fake_dma_init(struct fake *f);
void fake_dma_exit(struct fake *f);

/** fake_pages() - page aligned memory that costs nothing until it is written. */
void *fake_pages(size_t bytes);

/** fake_log() - the log since the last call. */
const char *fake_log(struct fake *f);

/* The guest's accesses. Each asserts that the core took it. */
u32 fake_cfg_read(struct fake *f, unsigned int reg, unsigned int bytes);
void fake_cfg_write(struct fake *f, unsigned int reg, unsigned int bytes, u32 val);
u64 fake_read(struct fake *f, u64 pa, unsigned int bytes);
void fake_write(struct fake *f, u64 pa, unsigned int bytes, u64 val);

/** fake_reg() - a 32-bit read of the register at @offset of BAR0. */
u32 fake_reg(struct fake *f, u32 offset);

/** fake_reg_write() - a 32-bit write of the register at @offset of BAR0. */
void fake_reg_write(struct fake *f, u32 offset, u32 val);

#endif
