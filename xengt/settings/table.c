/* SPDX-License-Identifier: MIT */
#include "xengt/settings/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/number.h"

/* An option's place in a type is its place among the options. */
_Static_assert(!offsetof(struct xengt_type, options), "a type begins with its options");

static const char *const gpus[] = { "software", "none", NULL };

#define HOST	    XENGT_IN_HOST
#define HOST_LATER  (XENGT_IN_HOST | XENGT_RELOADED)
#define VGPU	    XENGT_IN_VGPU
#define TYPE	    XENGT_IN_TYPE
#define TYPE_OR_ONE (XENGT_IN_TYPE | XENGT_IN_VGPU)

#define IN(of, field)	.at = offsetof(struct xengt_##of, field)
#define ROOM(of, field) (sizeof(((struct xengt_##of *)0)->field) - 1)
#define TEXT(what, of, field, least) \
	.kind = XENGT_TEXT, .value = what, IN(of, field), .min = least, .max = ROOM(of, field)
#define NUMBER(of, field, least, most) \
	.kind = XENGT_NUMBER, IN(of, field), .min = least, .max = most
#define SWITCH(of, field) .kind = XENGT_SWITCH, IN(of, field), .max = 1

const struct xengt_setting xengt_settings[] = {
	{ "socket", .where = HOST, TEXT("PATH", config, socket, 1),
	  .unset = XENGT_RUNDIR "/xengt.sock", .help = "xengtd's control socket" },
	{ "group", .where = HOST, TEXT("GROUP", config, group, 1), .unset = "root",
	  .help = "whose members may use the socket, beside root" },
	{ "state_dir", .where = HOST, TEXT("PATH", config, state_dir, 1), .unset = XENGT_RUNDIR,
	  .help = "where the states of vGPUs are kept while this boot lasts: a tmpfs" },
	{ "tree", .where = HOST, TEXT("PATH", config, tree, 0), .unset = XENGT_RUNDIR "/gvt",
	  .help = "where the tree of files is mounted; empty: nowhere" },
	{ "qemu", .where = HOST, TEXT("PATH", config, qemu, 0), .unset = "",
	  .instead = "looked for", .help = "the stock device model, which xengt-dm becomes" },
	{ "gpu", .where = HOST, .kind = XENGT_WORD, IN(config, gpu), .words = gpus,
	  .unset = "software", .help = "what executes the guests' work" },
	{ "grant_frames", .where = HOST, NUMBER(config, grant_frames, 0, 1000000), .unset = "273",
	  .help = "xengtd raises Xen's gnttab_max_frames to this; 0: it does not" },
	/* From 0x70000000 on, systemd and Debian leave numbers unused (systemd's UIDS-GIDS.md). */
	{ "uid_base", .where = HOST, NUMBER(config, uid_base, 0, 2000000000), .unset = "1879048192",
	  .help = "a guest's process has this user and group, plus the domain's number; 0: root" },
	{ "default_type", .where = HOST_LATER, TEXT("TYPE", config, default_type, 1),
	  .unset = "i915-GVTg_V5_2", .help = "the type of a vGPU for which none is named" },
	{ "max_vgpus", .where = HOST_LATER, NUMBER(config, max_vgpus, 0, 1000000), .unset = "64",
	  .help = "how many vGPUs there may be on this host" },
	{ "memory_mb", .where = HOST_LATER, NUMBER(config, memory_mb, 0, 1000000), .unset = "0",
	  .help = "graphics memory that all vGPUs may be promised, in MiB; 0: any amount" },
	{ "poll_max", .where = HOST_LATER, NUMBER(config, poll_max, 0, 1000000), .unset = "64",
	  .help = "how often a guest's next request is looked for before it is waited for" },

	{ "type", .where = VGPU, TEXT("TYPE", options, type, 1), .unset = "",
	  .instead = "default_type of xengt.conf(5)",
	  .help = "its type; `xengt types' lists them" },
	{ "uuid", .where = VGPU, .kind = XENGT_UUID, IN(options, uuid), .min = 36, .max = 36,
	  .unset = "", .help = "a vGPU that `xengt create' made" },
	{ "slot", .where = VGPU, NUMBER(options, slot, 1, 31), .unset = "", .instead = "a free one",
	  .help = "PCI device number on bus 0" },
	{ "aperture_mb", "low_gm_mb", .where = TYPE_OR_ONE, .kind = XENGT_POWER,
	  IN(options, aperture_mib), .min = GVT_APERTURE_MIB_MIN, .max = GVT_APERTURE_MIB_MAX,
	  .unset = "256", .help = "the aperture, BAR2, in MiB: a power of two" },
	{ "memory_mb", "high_gm_mb", .where = TYPE_OR_ONE, NUMBER(options, memory_mib, 16, 1048576),
	  .unset = "1024", .help = "the most graphics memory, in MiB" },
	{ "fences", .where = TYPE_OR_ONE, NUMBER(options, fences, 1, GVT_FENCES_MAX), .unset = "32",
	  .help = "fence registers" },
	{ "weight", .where = TYPE_OR_ONE, NUMBER(options, weight, 1, XENGT_WEIGHT_MAX),
	  .unset = "8", .help = "its share of each engine's time" },
	{ "cap", .where = TYPE_OR_ONE, NUMBER(options, cap, 0, XENGT_CAP_MAX), .unset = "0",
	  .help = "the most of each engine's time, in percent; 0: no limit" },
	{ "audit_user", .where = TYPE_OR_ONE, SWITCH(options, audit_user), .unset = "off",
	  .help = "unprivileged batches are audited too" },
	{ "heads", .where = TYPE_OR_ONE, NUMBER(options, heads, 0, GVT_HEADS_MAX), .unset = "0",
	  .help = "monitors that the guest sees, each on a pipe of its own" },
	{ "read_through", .where = TYPE_OR_ONE, SWITCH(options, read_through), .unset = "on",
	  .help = "registers are read without a trap, where they can be" },
	{ "resolution", .where = TYPE, .kind = XENGT_RESOLUTION, IN(type, resolutions), .min = 1,
	  .max = XENGT_RESOLUTIONS - 1, .unset = "1920x1200",
	  .help = "its resolutions, the largest first" },
	{ "instances", .where = TYPE, NUMBER(type, instances, 0, 999), .unset = "0",
	  .help = "how many vGPUs of this type there may be; 0: as many as fit" },
	{ NULL },
};

_Static_assert(ARRAY_SIZE(xengt_settings) <= XENGT_SETTINGS_MAX, "there are more settings");

static bool is_text(const struct xengt_setting *setting)
{
	return setting->kind != XENGT_NUMBER && setting->kind != XENGT_POWER &&
	       setting->kind != XENGT_SWITCH;
}

/* ---- reading ---- */

const struct xengt_setting *xengt_setting_find(unsigned int where, const char *name)
{
	for (const struct xengt_setting *s = xengt_settings; s->name; s++)
		if (s->where & where &&
		    (!strcmp(name, s->name) || (s->alias && !strcmp(name, s->alias))))
			return s;
	return NULL;
}

static bool resolution(const char **at)
{
	u64 width, height;

	if (xengt_number_at(at, XENGT_DECIMAL, 4096, &width) || *(*at)++ != 'x' ||
	    xengt_number_at(at, XENGT_DECIMAL, 4096, &height))
		return false;
	return width >= 640 && height >= 480;
}

static bool are_resolutions(const char *at)
{
	do {
		if (!resolution(&at) || (*at && *at != ','))
			return false;
	} while (*at++);
	return true;
}

static bool is_one_of(const char *value, const char *const *words)
{
	while (*words && strcmp(value, *words))
		words++;
	return *words;
}

static bool read_text(const struct xengt_setting *setting, const char *value, char *to)
{
	if (setting->kind == XENGT_UUID)
		return !xengt_uuid_parse(value, to);
	if (setting->kind == XENGT_WORD
		    ? !is_one_of(value, setting->words)
		    : strlen(value) < setting->min || strlen(value) > setting->max)
		return false;
	if (setting->kind == XENGT_RESOLUTION && !are_resolutions(value))
		return false;
	strcpy(to, value);
	return true;
}

static bool read_number(const struct xengt_setting *setting, const char *value, u32 *to)
{
	u64 n;

	if (setting->kind == XENGT_SWITCH && (!strcmp(value, "on") || !strcmp(value, "off"))) {
		*to = !strcmp(value, "on");
		return true;
	}
	if (xengt_number(value, XENGT_EITHER, setting->min, setting->max, &n) ||
	    (setting->kind == XENGT_POWER && n & (n - 1)))
		return false;
	*to = n;
	return true;
}

static bool read_value(const struct xengt_setting *setting, const char *value, void *into)
{
	void *to = (char *)into + setting->at;

	return is_text(setting) ? read_text(setting, value, to) : read_number(setting, value, to);
}

/* Says where else there is a setting of this name, or which there are. */
static void no_such(unsigned int where, const char *name, char *why, size_t why_len)
{
	const struct xengt_setting *other = xengt_setting_find(~where, name);
	size_t at;

	if (where & XENGT_IN_VGPU) {
		at = snprintf(why, why_len, "'%s' is no option of a vGPU (", name);
		for (const struct xengt_setting *s = xengt_settings; s->name && at < why_len; s++)
			if (s->where & where)
				at += snprintf(why + at, why_len - at, "%s, ", s->name);
		if (at < why_len)
			snprintf(why + at - 2, why_len - at + 2, " are)");
	} else if (!other) {
		snprintf(why, why_len, "there is no setting '%s'", name);
	} else if (other->where & XENGT_IN_HOST) {
		snprintf(why, why_len, "'%s' is the host's: it goes above the first [type NAME]",
			 name);
	} else if (other->where & XENGT_IN_TYPE) {
		snprintf(why, why_len, "'%s' is a type's: it goes below a line [type NAME]", name);
	} else {
		snprintf(why, why_len, "'%s' is an option of one vGPU: see xengt-dm(8)", name);
	}
}

int xengt_setting_set(unsigned int where, void *into, const char *name, const char *value,
		      char *why, size_t why_len)
{
	const struct xengt_setting *setting = xengt_setting_find(where, name);
	char takes[64];

	if (!setting) {
		no_such(where, name, why, why_len);
		return -EINVAL;
	}
	if (read_value(setting, value, into))
		return 0;
	xengt_setting_takes(setting, takes, sizeof(takes));
	snprintf(why, why_len, "%s=%.100s: it takes %s", name, value, takes);
	return -EINVAL;
}

void xengt_setting_defaults(unsigned int where, void *into)
{
	for (const struct xengt_setting *s = xengt_settings; s->name; s++)
		if (s->where & where && s->unset[0])
			read_value(s, s->unset, into);
}

void xengt_setting_copy(const struct xengt_setting *setting, void *into, const void *from)
{
	const void *value = (const char *)from + setting->at;

	if (is_text(setting))
		strcpy((char *)into + setting->at, value);
	else
		*(u32 *)((char *)into + setting->at) = *(const u32 *)value;
}

/* ---- printing ---- */

bool xengt_setting_is_set(const struct xengt_setting *setting, const void *from)
{
	const void *value = (const char *)from + setting->at;

	return (is_text(setting) ? strlen(value) : *(const u32 *)value) >= setting->min;
}

void xengt_setting_print(const struct xengt_setting *setting, const void *from, char *text,
			 size_t len)
{
	const void *value = (const char *)from + setting->at;

	if (is_text(setting))
		snprintf(text, len, "%s", (const char *)value);
	else if (setting->kind == XENGT_SWITCH)
		snprintf(text, len, "%s", *(const u32 *)value ? "on" : "off");
	else
		snprintf(text, len, "%u", *(const u32 *)value);
}

/* The words that a XENGT_WORD may be. */
static void print_words(const struct xengt_setting *setting, const char *between, char *text,
			size_t len)
{
	size_t at = 0;

	for (const char *const *word = setting->words; *word && at < len; word++)
		at += snprintf(text + at, len - at, "%s%s", at ? between : "", *word);
}

void xengt_setting_takes(const struct xengt_setting *setting, char *text, size_t len)
{
	u32 min = setting->min, max = setting->max;

	switch (setting->kind) {
	case XENGT_TEXT:
		snprintf(text, len, "%u to %u characters", min, max);
		break;
	case XENGT_WORD:
		print_words(setting, " or ", text, len);
		break;
	case XENGT_NUMBER:
		snprintf(text, len, "a number from %u to %u", min, max);
		break;
	case XENGT_POWER:
		snprintf(text, len, "a power of two from %u to %u", min, max);
		break;
	case XENGT_SWITCH:
		snprintf(text, len, "on or off, or 1 or 0");
		break;
	case XENGT_UUID:
		snprintf(text, len, "a UUID");
		break;
	case XENGT_RESOLUTION:
		snprintf(text, len, "WIDTHxHEIGHT,..., from 640x480 to 4096x4096");
		break;
	}
}

void xengt_setting_form(const struct xengt_setting *setting, char *text, size_t len)
{
	switch (setting->kind) {
	case XENGT_TEXT:
		snprintf(text, len, "%s", setting->value);
		break;
	case XENGT_WORD:
		print_words(setting, "|", text, len);
		break;
	case XENGT_NUMBER:
	case XENGT_POWER:
		snprintf(text, len, "%u..%u", setting->min, setting->max);
		break;
	case XENGT_SWITCH:
		snprintf(text, len, "on|off");
		break;
	case XENGT_UUID:
		snprintf(text, len, "UUID");
		break;
	case XENGT_RESOLUTION:
		snprintf(text, len, "WIDTHxHEIGHT,...");
		break;
	}
}
