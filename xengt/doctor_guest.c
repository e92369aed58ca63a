/* SPDX-License-Identifier: MIT */
/* A guest's configuration, looked at for what its vGPU needs of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xengt/doctor.h"
#include "xengt/json.h"
#include "xengt/xlcfg.h"

struct visit {
	const struct xengt_config *config;
	const char *root;
	const struct xlcfg *cfg;
	struct json_object *types, *vgpus;
	const char *asked;	      /* the vGPU's options as text, or NULL: it has none */
	struct xengt_options options; /* and with what its type says */
	bool parsed;
	char wrong[256]; /* with them */
};

enum verdict { OK, NOTE, WRONG };

#define ADVICE_MAX 512u

static long number(const struct visit *g, const char *name, long otherwise)
{
	return xlcfg_number(g->cfg, name, otherwise);
}

/* ---- the vGPU that it asks for ---- */

static const char *find_options(const struct xlcfg *cfg)
{
	static const char *const lists[] = { "device_model_args", "device_model_args_hvm" };
	const char *item, *found = NULL;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; (item = xlcfg_item(cfg, lists[l], i)); i++)
			if (!strcmp(item, "-xengt"))
				found = xlcfg_item(cfg, lists[l], i + 1);
	return found;
}

static const char *member(struct json_object *of, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(of, key, &value) && value ? json_object_get_string(value)
								   : "";
}

/* The object of @list whose member @key is @value; NULL: there is none. */
static struct json_object *row(struct json_object *list, const char *key, const char *value)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (!strcmp(member(one, key), value))
			return one;
	}
	return NULL;
}

static void read_options(struct visit *g)
{
	struct xengt_options asked = xengt_options_default();
	const struct xengt_type *type;
	struct json_object *vgpu;
	const char *name;

	g->options = asked;
	if (!g->asked)
		return;
	g->parsed = !xengt_options_parse(g->asked, &asked, g->wrong, sizeof(g->wrong));
	name = asked.type[0] ? asked.type : g->config->default_type;
	vgpu = asked.uuid[0] ? row(g->vgpus, "uuid", asked.uuid) : NULL;
	if (vgpu)
		name = member(vgpu, "type");
	type = xengt_types_find(&g->config->types, name);
	if (type)
		g->options = type->options;
	if (vgpu) {
		g->options.aperture_mib = strtoul(member(vgpu, "aperture_mb"), NULL, 10);
		g->options.memory_mib = strtoul(member(vgpu, "memory_mb"), NULL, 10);
	}
	if (g->parsed)
		xengt_options_parse(g->asked, &g->options, g->wrong, sizeof(g->wrong));
	snprintf(g->options.type, sizeof(g->options.type), "%s", name);
}

/* ---- what is looked at ---- */

static enum verdict is_hvm(const struct visit *g, char *advice)
{
	const char *type = xlcfg_string(g->cfg, "type"), *builder = xlcfg_string(g->cfg, "builder");

	snprintf(advice, ADVICE_MAX, "type = \"hvm\"");
	return !strcmp(type ? type : builder ? builder : "", "hvm") ? OK : WRONG;
}

static enum verdict has_nested_paging(const struct visit *g, char *advice)
{
	snprintf(advice, ADVICE_MAX, "hap = 1");
	return number(g, "hap", 1) ? OK : WRONG;
}

#define VCPUS_MAX 128

static long vcpus(const struct visit *g)
{
	long now = number(g, "vcpus", 1), most = number(g, "maxvcpus", now);

	return most > now ? most : now;
}

static enum verdict few_vcpus(const struct visit *g, char *advice)
{
	snprintf(advice, ADVICE_MAX, "vcpus = %d", VCPUS_MAX);
	return vcpus(g) <= VCPUS_MAX ? OK : WRONG;
}

static enum verdict all_memory(const struct visit *g, char *advice)
{
	long memory = number(g, "memory", 0);

	snprintf(advice, ADVICE_MAX, "maxmem = %ld", memory);
	return number(g, "maxmem", memory) <= memory ? OK : WRONG;
}

static enum verdict has_wrapper(const struct visit *g, char *advice)
{
	const char *model = xlcfg_string(g->cfg, "device_model_override");
	const char *version = xlcfg_string(g->cfg, "device_model_version");
	char path[512];

	if (!version || strcmp(version, "qemu-xen")) {
		snprintf(advice, ADVICE_MAX, "device_model_version = \"qemu-xen\"");
		return WRONG;
	}
	snprintf(path, sizeof(path), "%s%s", g->root, model ? model : "");
	snprintf(advice, ADVICE_MAX, "device_model_override = \"%s\"", XENGT_DM_PATH);
	if (!model || !strstr(model, "xengt-dm"))
		return WRONG;
	return access(path, X_OK) ? WRONG : OK;
}

static enum verdict asks(const struct visit *g, char *advice)
{
	snprintf(advice, ADVICE_MAX, "device_model_args = [ \"-xengt\", \"type=%s\" ]",
		 g->config->default_type);
	return g->asked ? OK : WRONG;
}

static enum verdict asks_well(const struct visit *g, char *advice)
{
	snprintf(advice, ADVICE_MAX, "behind -xengt: %s", g->wrong);
	return !g->asked || g->parsed ? OK : WRONG;
}

static enum verdict is_made(const struct visit *g, char *advice)
{
	struct json_object *vgpu = row(g->vgpus, "uuid", g->options.uuid);

	if (!vgpu) {
		snprintf(advice, ADVICE_MAX, "xengt create TYPE %s", g->options.uuid);
		return WRONG;
	}
	snprintf(advice, ADVICE_MAX, "%s has it now", member(vgpu, "name"));
	return strcmp(member(vgpu, "state"), "free") ? NOTE : OK;
}

static enum verdict is_available(const struct visit *g, char *advice)
{
	struct json_object *type = row(g->types, "type", g->options.type);

	if (!g->asked || !g->parsed)
		return OK;
	if (!g->types) {
		snprintf(advice, ADVICE_MAX,
			 "the daemon could not be asked: systemctl start xengtd");
		return NOTE;
	}
	if (g->options.uuid[0])
		return is_made(g, advice);
	if (!type) {
		snprintf(advice, ADVICE_MAX,
			 "there is no type '%s': xengt types lists them, xengt.conf adds some",
			 g->options.type);
		return WRONG;
	}
	snprintf(advice, ADVICE_MAX,
		 "no more of type %s can be had now: xengt list has those there are",
		 g->options.type);
	return strtoul(member(type, "available"), NULL, 10) ? OK : WRONG;
}

/* Without it the aperture traps, which works. */
static enum verdict has_grants_v1(const struct visit *g, char *advice)
{
	snprintf(advice, ADVICE_MAX,
		 "max_grant_version = 1 (or each access to the aperture traps)");
	return number(g, "max_grant_version", 2) == 1 ? OK : NOTE;
}

/* Each frame beyond the guest's own pins 512 pages that the aperture shows, less 256; xengt/dma.h.
 */
#define GUEST_FRAMES 16
#define XEN_FRAMES   64

static enum verdict has_frames(const struct visit *g, char *advice)
{
	long frames = number(g, "max_grant_frames", XEN_FRAMES);
	long wanted = GUEST_FRAMES + g->options.aperture_mib / 2 + 1;

	snprintf(advice, ADVICE_MAX,
		 "for %ld MiB of %u at a time; for all of it max_grant_frames = %ld, and "
		 "gnttab_max_frames=%ld for Xen",
		 frames > GUEST_FRAMES ? (frames - GUEST_FRAMES) * 2 - 1 : 0,
		 g->options.aperture_mib, wanted, wanted);
	return frames >= wanted ? OK : NOTE;
}

/*
 * The hole below 4 GiB ends 64 MiB before it. Without a size, hvmloader doubles it from 256 MiB as
 * far as there is no memory (tools/firmware/hvmloader/pci.c, pci_setup()). Beside the aperture:
 * BAR0, an emulated VGA and the platform device, 16 MiB each, and small ones.
 */
#define HOLE_MIN    256
#define HOLE_MAX    2048
#define HOLE_END    64
#define OTHER_BARS  64
#define BELOW_4_GIB 4096

static enum verdict has_hole(const struct visit *g, char *advice)
{
	long need = g->options.aperture_mib + OTHER_BARS, is = number(g, "mmio_hole", 0);
	long hole = HOLE_MIN;

	while (hole - HOLE_END < need && hole < HOLE_MAX)
		hole *= 2;
	snprintf(advice, ADVICE_MAX, "mmio_hole = %ld (or the aperture goes above 4 GiB)", hole);
	if (is)
		return is - HOLE_END >= need ? OK : NOTE;
	return hole == HOLE_MIN || number(g, "memory", 0) <= BELOW_4_GIB - hole ? OK : NOTE;
}

/*
 * What Xen keeps nested page tables in: 1 MiB for a vCPU, and a page for a MiB that is mapped in
 * pages of 4 KiB at worst: memory whose pages are tracked, and the aperture. Newer versions of
 * libxl give 4 KiB for each MiB of memory and nothing for the aperture.
 */
static enum verdict has_table_memory(const struct visit *g, char *advice)
{
	long memory = number(g, "memory", 0), kib = number(g, "shadow_memory", 0) * 1024;
	long base = 1024 * vcpus(g), need = base + 2 * memory + 2 * (long)g->options.aperture_mib;

	if (!kib)
		kib = base + 4 * memory;
	snprintf(advice, ADVICE_MAX, "shadow_memory = %ld", (need + 1023) / 1024 + 1);
	return kib >= need || !memory ? OK : WRONG;
}

static const struct {
	const char *what;
	enum verdict (*look)(const struct visit *g, char *advice);
} checks[] = {
	{ "it is an HVM guest", is_hvm },
	{ "it has nested paging", has_nested_paging },
	{ "it has no more vCPUs than are served", few_vcpus },
	{ "all its memory is there from the start", all_memory },
	{ "xengt-dm starts its device model", has_wrapper },
	{ "it asks for a vGPU", asks },
	{ "it asks for one that can be", asks_well },
	{ "its vGPU is to be had", is_available },
	{ "its grant table can be used for the aperture", has_grants_v1 },
	{ "its grant table is large enough for the aperture", has_frames },
	{ "there is room for the aperture", has_hole },
	{ "there is memory for its page tables", has_table_memory },
};

struct json_object *doctor_guest(const struct xengt_config *config, const char *root,
				 const char *path, struct json_object *types,
				 struct json_object *vgpus, char *why, size_t why_len)
{
	static const char *const states[] = { "ok", "note", "wrong" };
	struct visit visit = { .config = config, .root = root, .types = types, .vgpus = vgpus };
	struct json_object *all;
	struct xlcfg *cfg;

	if (xlcfg_read(path, &cfg, why, why_len))
		return NULL;
	visit.cfg = cfg;
	visit.asked = find_options(cfg);
	read_options(&visit);
	all = json_object_new_array();
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		char advice[ADVICE_MAX];
		enum verdict verdict = checks[i].look(&visit, advice);

		doctor_found(all, checks[i].what, states[verdict], verdict == OK ? NULL : advice);
	}
	xlcfg_free(cfg);
	return all;
}
