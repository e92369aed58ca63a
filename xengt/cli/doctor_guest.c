/* SPDX-License-Identifier: MIT */
/* Checks a guest's configuration: for what its vGPU needs, and for what keeps it from starting. */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/number.h"
#include "xengt/cli/doctor.h"
#include "xengt/cli/doctor_xl.h"
#include "xengt/control/json.h"
#include "xengt/qemu/model_args.h"

struct visit {
	const struct xengt_config *config;
	const char *root, *path;
	const struct doctor_xen *xen;
	struct xl_file *cfg;
	struct xl_file *defaults; /* xl's own settings, or NULL */
	struct json_object *types, *vgpus;
	const char *list;	      /* the list of QEMU's arguments that has -xengt */
	const char *asked;	      /* the vGPU's options as text, or NULL: there are none */
	struct xengt_options options; /* the same, parsed, with its type's */
	bool parsed;
	char wrong[256]; /* the error in them */
};

enum verdict { OK, NOTE, WRONG };

/*
 * Advice is, where possible, lines to add at the end of the configuration, with explanations after
 * #.
 */
#define ADVICE_MAX 512u

static void advise(char *advice, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void advise(char *advice, const char *format, ...)
{
	size_t at = strlen(advice);
	va_list args;

	if (at)
		at += snprintf(advice + at, ADVICE_MAX - at, "; ");
	if (at >= ADVICE_MAX)
		return;
	va_start(args, format);
	vsnprintf(advice + at, ADVICE_MAX - at, format, args);
	va_end(args);
}

static long number(const struct visit *g, const char *name, long otherwise)
{
	return xl_number(g->cfg, name, otherwise);
}

/* A number of the guest's configuration or, if not set there, of xl.conf(5). */
static long number_or_default(const struct visit *g, const char *name, long otherwise)
{
	return number(g, name, xl_number(g->defaults, name, otherwise));
}

/* The guest's memory in MiB, as libxl_create.c computes it. */
static long memory(const struct visit *g)
{
	return number(g, "memory", number(g, "maxmem", 32));
}

/* ---- the vGPU's options ---- */

/* Finds the last -xengt: it is the one that xengt-dm takes. */
static void find_options(struct visit *g)
{
	static const char *const lists[] = { "device_model_args", "device_model_args_hvm" };
	const char *name, *value;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
		size_t nr;

		for (size_t i = 0;; i += nr) {
			char *const args[] = { (char *)xl_item(g->cfg, lists[l], i),
					       (char *)xl_item(g->cfg, lists[l], i + 1), NULL };

			nr = xengt_model_arg(args, &name, &value);
			if (!nr)
				break;
			if (name && !strcmp(name, "xengt")) {
				g->list = lists[l];
				g->asked = value;
			}
		}
	}
}

static const char *member(struct json_object *of, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(of, key, &value) && value ? json_object_get_string(value)
								   : "";
}

/* Member @key as a number; 0: it is none. */
static u32 number_of(struct json_object *of, const char *key)
{
	u64 number = 0;

	xengt_number(member(of, key), XENGT_DECIMAL, 0, UINT32_MAX, &number);
	return number;
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

	find_options(g);
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
		g->options.aperture_mib = number_of(vgpu, "aperture_mb");
		g->options.memory_mib = number_of(vgpu, "memory_mb");
	}
	if (g->parsed)
		xengt_options_parse(g->asked, &g->options, g->wrong, sizeof(g->wrong));
	snprintf(g->options.type, sizeof(g->options.type), "%s", name);
}

/* ---- the domain ---- */

static enum verdict is_taken_by_xl(const struct visit *g, char *advice)
{
	char says[256];
	int err = xl_try(g->path, says, sizeof(says));

	if (err == -EINVAL)
		advise(advice, "xl says: %s", says);
	else if (err)
		advise(advice, "xl could not be asked: %s", strerror(-err));
	return !err ? OK : err == -EINVAL ? WRONG : NOTE;
}

/* Whether @of begins with @word: xl accepts such abbreviations (xl_parse.c). */
static bool begins(const char *word, const char *of)
{
	return word && !strncmp(word, of, strlen(word));
}

static enum verdict is_hvm(const struct visit *g, char *advice)
{
	const char *type = xl_string(g->cfg, "type"), *builder = xl_string(g->cfg, "builder");

	if ((type || builder) && (!type || begins(type, "hvm")) &&
	    (!builder || begins(builder, "hvm")))
		return OK;
	advise(advice, "type = \"hvm\"");
	if (builder && !begins(builder, "hvm"))
		advise(advice, "builder = \"hvm\"");
	return WRONG;
}

static enum verdict has_nested_paging(const struct visit *g, char *advice)
{
	if (g->xen->no_hap)
		advise(advice,
		       "this host has no nested paging: turn it (EPT, NPT) on in the firmware");
	else
		advise(advice, "hap = 1");
	return number(g, "hap", 1) && !g->xen->no_hap ? OK : WRONG;
}

/* libxl refuses options that need features which the host lacks. */
static enum verdict has_host(const struct visit *g, char *advice)
{
	const char *passthrough = xl_string(g->cfg, "passthrough");

	if (g->xen->no_passthrough && passthrough && strcmp(passthrough, "disabled") &&
	    strcmp(passthrough, "0"))
		advise(advice, "passthrough = \"disabled\"");
	if (g->xen->no_passthrough && xl_item(g->cfg, "pci", 0))
		advise(advice, "pci = [ ]");
	if (g->xen->no_vpmu && number(g, "vpmu", 0))
		advise(advice, "vpmu = 0");
	return advice[0] ? WRONG : OK;
}

#define VCPUS_MAX 128

static long vcpus(const struct visit *g)
{
	long now = number(g, "vcpus", 1), most = number(g, "maxvcpus", now);

	return most > now ? most : now;
}

static enum verdict few_vcpus(const struct visit *g, char *advice)
{
	static const char *const names[] = { "vcpus", "maxvcpus" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (number(g, names[i], 1) > VCPUS_MAX)
			advise(advice, "%s = %d", names[i], VCPUS_MAX);
	return advice[0] ? WRONG : OK;
}

static enum verdict all_memory(const struct visit *g, char *advice)
{
	advise(advice, "maxmem = %ld", memory(g));
	return number(g, "maxmem", memory(g)) <= memory(g) ? OK : WRONG;
}

static enum verdict has_wrapper(const struct visit *g, char *advice)
{
	const char *model = xl_string(g->cfg, "device_model_override");
	const char *version = xl_string(g->cfg, "device_model_version");
	char path[512];

	snprintf(path, sizeof(path), "%s%s", g->root, model ? model : "");
	if (version && strcmp(version, "qemu-xen"))
		advise(advice, "device_model_version = \"qemu-xen\"");
	if (number(g, "device_model_stubdomain_override", 0))
		advise(advice, "device_model_stubdomain_override = 0");
	if (!model || !strstr(model, "xengt-dm") || access(path, X_OK))
		advise(advice, "device_model_override = \"%s\"", XENGT_DM_PATH);
	return advice[0] ? WRONG : OK;
}

static bool is_user(const char *name)
{
	const struct passwd *user = getpwnam(name);

	return user && user->pw_uid;
}

/* The user that libxl runs QEMU as (libxl__domain_get_device_model_uid() in libxl_dm.c). It must
 * exist, and not be root. */
static enum verdict has_user(const struct visit *g, char *advice)
{
	const char *user = xl_string(g->cfg, "device_model_user");

	if (user && !is_user(user))
		advise(advice,
		       "device_model_user = \"nobody\"  # there is no user %.64s, or it is root",
		       user);
	if (!user && number(g, "dm_restrict", 0) && !is_user("xen-qemuuser-range-base") &&
	    !is_user("xen-qemuuser-shared"))
		advise(advice,
		       "dm_restrict = 0  # or make a user xen-qemuuser-range-base, with 32752 "
		       "numbers free behind its own");
	return advice[0] ? WRONG : OK;
}

/*
 * libxl passes -nodefaults. Since version 8.2 QEMU then refuses a sound card unless its arguments
 * name what it plays to (QEMU's docs/about/removed-features.rst, "-audiodev").
 */
static enum verdict has_sound(const struct visit *g, char *advice)
{
	static const char *const lists[] = { "device_model_args", "device_model_args_hvm" };
	const char *model = xengt_config_model(g->config, g->root), *word;
	char path[512];

	if (!xl_string(g->cfg, "soundhw") || !model)
		return OK;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t at = 0; (word = xl_item(g->cfg, lists[i], at)); at++)
			if (begins("-audio", word))
				return OK;
	snprintf(path, sizeof(path), "%s%s", g->root, model);
	if (xl_model_version(path) < 802)
		return OK;
	word = g->list ? g->list : lists[0];
	advise(advice, "%s %s [ \"-audio\", \"none\" ]  # or what it should play to, see qemu(1)",
	       word, xl_item(g->cfg, word, 0) ? "+=" : "=");
	return WRONG;
}

static enum verdict has_boot_files(const struct visit *g, char *advice)
{
	static const char *const files[] = { "kernel", "ramdisk", "bios_path_override",
					     "acpi_firmware", "smbios_firmware" };
	static const char *const rest[] = { "ramdisk", "cmdline", "root", "extra" };
	char path[512];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *file = xl_string(g->cfg, files[i]);

		snprintf(path, sizeof(path), "%s%s", g->root, file ? file : "");
		if (file && access(path, R_OK))
			advise(advice, "%s: there is no %s", files[i], file);
	}
	for (size_t i = 0; !xl_string(g->cfg, "kernel") && i < ARRAY_SIZE(rest); i++)
		if (xl_string(g->cfg, rest[i]))
			advise(advice, "take %s out, or name a kernel", rest[i]);
	return advice[0] ? WRONG : OK;
}

/* ---- its vGPU ---- */

static enum verdict asks(const struct visit *g, char *advice)
{
	const char *type = g->config->default_type;

	/* Add to an existing list: it may have other arguments. */
	if (g->list)
		advise(advice, "%s += [ \"type=%s\" ]", g->list, type);
	else
		advise(advice, "device_model_args %s [ \"-xengt\", \"type=%s\" ]",
		       xl_item(g->cfg, "device_model_args", 0) ? "+=" : "=", type);
	return g->asked ? OK : WRONG;
}

static enum verdict asks_well(const struct visit *g, char *advice)
{
	advise(advice, "behind -xengt: %s", g->wrong);
	return !g->asked || g->parsed ? OK : WRONG;
}

static enum verdict has_slot(const struct visit *g, char *advice)
{
	struct xengt_slots slots;
	u32 slot = g->options.slot;
	char why[256];

	if (!g->asked || !g->parsed)
		return OK;
	xl_slots(g->cfg, &slots);
	if (!xengt_slots_choose(&slots, &slot, why, sizeof(why)))
		return OK;
	slot = 0;
	if (g->options.slot && !xengt_slots_choose(&slots, &slot, advice, ADVICE_MAX))
		advise(advice, "%s += [ \"-xengt\", \"%s,slot=%u\" ]  # %s", g->list, g->asked,
		       slot, why);
	else
		advise(advice, "%s", why);
	return WRONG;
}

static enum verdict is_made(const struct visit *g, char *advice)
{
	struct json_object *vgpu = row(g->vgpus, "uuid", g->options.uuid);

	if (!vgpu) {
		advise(advice, "xengt create TYPE %s", g->options.uuid);
		return WRONG;
	}
	advise(advice, "%s has it now", member(vgpu, "name"));
	return strcmp(member(vgpu, "state"), "free") ? NOTE : OK;
}

static enum verdict is_available(const struct visit *g, char *advice)
{
	struct json_object *type = row(g->types, "type", g->options.type);

	if (!g->asked || !g->parsed)
		return OK;
	if (!g->types) {
		advise(advice, "xengtd could not be asked: systemctl start xengtd");
		return NOTE;
	}
	if (g->options.uuid[0])
		return is_made(g, advice);
	if (!type) {
		advise(advice,
		       "there is no type '%s': xengt types lists them, xengt.conf adds some",
		       g->options.type);
		return WRONG;
	}
	advise(advice, "no more of type %s can be had now: xengt list has those there are",
	       g->options.type);
	return number_of(type, "available") ? OK : WRONG;
}

#define XEN_FRAMES 64

/* Whether Xen's parameters bound a domain's tables: up to 4.17. In later versions they are only
 * defaults. */
static bool is_capped(const struct visit *g)
{
	return !doctor_xen_since(g->root, 4, 18);
}

static long grant_frames(const struct visit *g)
{
	return number_or_default(g, "max_grant_frames",
				 g->xen->grant_frames ? g->xen->grant_frames : XEN_FRAMES);
}

static long grant_version(const struct visit *g)
{
	return number_or_default(g, "max_grant_version", 2);
}

#define HOW_MAX 192u

/* Advice on raising Xen's bound of grant tables. xengtd raises it itself if Xen has hypfs. */
static const char *raise_grants(const struct visit *g, long frames, char how[HOW_MAX])
{
	snprintf(how, HOW_MAX,
		 frames > g->config->grant_frames
			 ? "grant_frames = %ld in " XENGT_CONFIG_FILE
			   ", and systemctl restart xengtd"
			 : "systemctl restart xengtd; on a Xen without hypfs, "
			   "gnttab_max_frames=%ld on its command line",
		 frames);
	return how;
}

static enum verdict has_grants(const struct visit *g, char *advice)
{
	long version = grant_version(g), frames = grant_frames(g);
	u32 most = is_capped(g) ? g->xen->grant_frames : 0;
	u32 most_maptrack = is_capped(g) ? g->xen->maptrack_frames : 0;
	char how[HOW_MAX];

	if (most_maptrack && number_or_default(g, "max_maptrack_frames", 0) > most_maptrack)
		advise(advice, "max_maptrack_frames = %u", most_maptrack);
	if (version < 1 || version > 2)
		advise(advice, "max_grant_version = 1");
	if (frames < 1)
		advise(advice, "max_grant_frames = %d", XEN_FRAMES);
	if (most && frames > most)
		advise(advice, "max_grant_frames = %u  # or %s", most,
		       raise_grants(g, frames, how));
	return advice[0] ? WRONG : OK;
}

/* With version 2 each access to the aperture traps, which works. */
static enum verdict has_grants_v1(const struct visit *g, char *advice)
{
	advise(advice, "max_grant_version = 1  # or each access to the aperture traps");
	return grant_version(g) == 1 ? OK : NOTE;
}

/* Each frame of the grant table beyond the guest's own pins 512 pages for the aperture. 256 pins
 * are scratch (xengt/xen/dma.h). */
#define GUEST_FRAMES 16

static enum verdict has_frames(const struct visit *g, char *advice)
{
	long frames = grant_frames(g), wanted = GUEST_FRAMES + g->options.aperture_mib / 2 + 1;
	char how[HOW_MAX];

	advise(advice,
	       "max_grant_frames = %ld  # now %ld MiB of %u at a time are seen without a trap",
	       wanted, frames > GUEST_FRAMES ? (frames - GUEST_FRAMES) * 2 - 1 : 0,
	       g->options.aperture_mib);
	if (is_capped(g) && g->xen->grant_frames < wanted)
		advise(advice, "before that %s", raise_grants(g, wanted, how));
	return frames >= wanted ? OK : NOTE;
}

/*
 * The MMIO hole ends 64 MiB below 4 GiB. If no size is set, hvmloader doubles it from 256 MiB while
 * no memory is in the way (tools/firmware/hvmloader/pci.c, pci_setup()). Besides the aperture it
 * has BAR0, an emulated VGA and the platform device, 16 MiB each, and small BARs.
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
	advise(advice, "mmio_hole = %ld  # or the aperture goes above 4 GiB", hole);
	/* libxl ignores a smaller size than HOLE_MIN. */
	if (is >= HOLE_MIN)
		return is - HOLE_END >= need ? OK : NOTE;
	return hole == HOLE_MIN || memory(g) <= BELOW_4_GIB - hole ? OK : NOTE;
}

/*
 * Memory of Xen's nested page tables: 1 MiB for each vCPU and, at worst, a page for each MiB that
 * is mapped by pages of 4 KiB: memory with tracked pages, and the aperture. Newer versions of libxl
 * give 4 KiB for each MiB of memory, and nothing for the aperture.
 */
static enum verdict has_table_memory(const struct visit *g, char *advice)
{
	long kib = number(g, "shadow_memory", 0) * 1024, base = 1024 * vcpus(g);
	long need = base + 2 * memory(g) + 2 * (long)g->options.aperture_mib;

	if (!kib)
		kib = base + 4 * memory(g);
	advise(advice, "shadow_memory = %ld", (need + 1023) / 1024 + 1);
	return kib >= need ? OK : WRONG;
}

static const struct {
	const char *what;
	enum verdict (*look)(const struct visit *g, char *advice);
} checks[] = {
	{ "xl accepts it", is_taken_by_xl },
	{ "it is an HVM guest", is_hvm },
	{ "it has nested paging", has_nested_paging },
	{ "the host has the features that it asks for", has_host },
	{ "it has 128 vCPUs or fewer", few_vcpus },
	{ "all its memory is there from the start", all_memory },
	{ "xengt-dm starts its device model", has_wrapper },
	{ "its device model's user is there", has_user },
	{ "its sound card has something to play to", has_sound },
	{ "what it boots from is there", has_boot_files },
	{ "it asks for a vGPU", asks },
	{ "the vGPU that it asks for can exist", asks_well },
	{ "no device of QEMU's has its PCI slot", has_slot },
	{ "its vGPU is available", is_available },
	{ "Xen accepts its grant table's size and version", has_grants },
	{ "its grant table can be used for the aperture", has_grants_v1 },
	{ "its grant table is large enough for the aperture", has_frames },
	{ "there is room for the aperture", has_hole },
	{ "there is memory for its page tables", has_table_memory },
};

struct json_object *doctor_guest(const struct xengt_config *config, const char *root,
				 const char *path, const struct doctor_xen *xen,
				 struct json_object *types, struct json_object *vgpus, char *why,
				 size_t why_len)
{
	static const char *const states[] = { "ok", "note", "wrong" };
	struct visit visit = { .config = config,
			       .root = root,
			       .path = path,
			       .xen = xen,
			       .types = types,
			       .vgpus = vgpus };
	char ignored[256], settings[512];
	struct json_object *all;

	if (xl_file_read(path, &visit.cfg, why, why_len))
		return NULL;
	snprintf(settings, sizeof(settings), "%s/etc/xen/xl.conf", root);
	xl_file_read(settings, &visit.defaults, ignored, sizeof(ignored));
	read_options(&visit);
	all = json_object_new_array();
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		char advice[ADVICE_MAX] = "";
		enum verdict verdict = checks[i].look(&visit, advice);

		doctor_found(all, checks[i].what, states[verdict], verdict == OK ? NULL : advice);
	}
	xl_file_free(visit.defaults);
	xl_file_free(visit.cfg);
	return all;
}
