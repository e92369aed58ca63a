/* SPDX-License-Identifier: MIT */
#include "xengt/qemu/slots.h"

#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "xengt/qemu/model_args.h"
#include "xengt/settings/options.h"

#define WORD_MAX 128u

/* ---- which device types are PCI devices ---- */

/*
 * Device types that are not on a PCI bus: "-device help" of QEMU 7.2 and 10.0 lists them with
 * another bus, or with none. The case "slots" on real Xen compares the list with QEMU's.
 */
static const char *const elsewhere[] = {
	"*-cpu",	  "*-device",	 "adlib",	"amd-iommu",   "ccid-card-*", "cs4231a",
	"floppy",	  "gus",	 "hda-*",	"i2c-*",       "i8042",	      "ib700",
	"ide-*",	  "intel-iommu", "ioapic",	"ipmi-bmc-*",  "ipoctal232",  "isa-*",
	"guest-loader",	  "loader",	 "mc146818rtc", "ne2k_isa",    "nvdimm",      "nvme-ns",
	"nvme-subsys",	  "pc-dimm",	 "pc-testdev",	"pcspk",       "pvpanic",     "ramfb",
	"sb16",		  "scsi-*",	 "sd-card*",	"sga",	       "smbus-*",     "tpm-*",
	"u2f-*",	  "ufs-lu",	 "usb-*",	"virtconsole", "virtio-mem",  "virtio-pmem",
	"virtserialport", "vmclock",	 "vmcoreinfo",	"vmgenid",     "vmmouse",     "xen-backend",
	"xen-cdrom",	  "xen-console", "xen-disk",
};

bool xengt_slots_on_pci(const char *driver)
{
	/* A USB host controller, whose name begins as those of USB devices do. */
	if (!strcmp(driver, "usb-ehci"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		if (!fnmatch(elsewhere[i], driver, 0))
			return false;
	return true;
}

/* ---- the bus ---- */

void xengt_slots_take(struct xengt_slots *slots, int slot, const char *who)
{
	for (u32 i = 0; slot < 0 && i < XENGT_SLOTS; i++)
		if (!slots->who[i][0])
			slot = i;
	if (slot < 0 || slot >= (int)XENGT_SLOTS || slots->who[slot][0])
		return;
	snprintf(slots->who[slot], XENGT_SLOT_NAME_MAX, "%s", who);
	/* The device model chooses these names, and terminals show them: no control characters. */
	for (char *c = slots->who[slot]; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

/* Looks from XENGT_SLOT_FIRST upwards, then downwards. 0: no slot is free. */
static u32 free_slot(const struct xengt_slots *slots)
{
	for (u32 slot = XENGT_SLOT_FIRST; slot < XENGT_SLOTS; slot++)
		if (!slots->who[slot][0])
			return slot;
	for (u32 slot = XENGT_SLOT_FIRST - 1; slot; slot--)
		if (!slots->who[slot][0])
			return slot;
	return 0;
}

int xengt_slots_choose(const struct xengt_slots *slots, u32 *slot, char *why, size_t why_len)
{
	u32 other = free_slot(slots);

	if (!*slot && !other) {
		snprintf(why, why_len, "the device model's devices have all slots of PCI bus 0");
		return -ENOSPC;
	}
	if (*slot && slots->who[*slot][0]) {
		snprintf(why, why_len, "PCI slot %u is the device model's %s already", *slot,
			 slots->who[*slot]);
		if (other)
			snprintf(why + strlen(why), why_len - strlen(why), ": slot=%u is free",
				 other);
		return -EBUSY;
	}
	if (!*slot)
		*slot = other;
	return 0;
}

/* ---- QEMU's arguments ---- */

/*
 * Finds the value of @key in "key=value,..."; a comma in a value is doubled. If @key occurs twice,
 * the last one counts. @implied: a first word without "=" is the value of @key. False: there is
 * none.
 */
static bool value_of(const char *text, const char *key, bool implied, char value[WORD_MAX])
{
	bool found = false, first = true;

	while (*text) {
		char word[WORD_MAX];
		size_t len = 0, name = strlen(key);

		for (; *text && (*text != ',' || text[1] == ','); text++) {
			if (*text == ',')
				text++;
			if (len + 1 < WORD_MAX)
				word[len++] = *text;
		}
		word[len] = '\0';
		if (*text)
			text++;
		if (!strncmp(word, key, name) && word[name] == '=') {
			strcpy(value, word + name + 1);
			found = true;
		} else if (first && implied && !strchr(word, '=')) {
			strcpy(value, word);
			found = true;
		}
		first = false;
	}
	return found;
}

int xengt_slots_number(const char *addr)
{
	u64 slot;

	return xengt_number_at(&addr, XENGT_HEX, XENGT_SLOTS - 1, &slot) ? -1 : (int)slot;
}

static void place(struct xengt_slots *slots, const char *driver, const char *bus, const char *addr,
		  const char *id)
{
	char who[XENGT_SLOT_NAME_MAX];

	if (!driver[0] || !xengt_slots_on_pci(driver) ||
	    (bus[0] && strcmp(bus, "pci") && strcmp(bus, "pci.0")))
		return;
	snprintf(who, sizeof(who), id[0] ? "%.30s (%.28s)" : "%.30s", driver, id);
	xengt_slots_take(slots, xengt_slots_number(addr), who);
}

/* -device as text. */
static void add_device(struct xengt_slots *slots, const char *text)
{
	char driver[WORD_MAX] = "", bus[WORD_MAX] = "", addr[WORD_MAX] = "", id[WORD_MAX] = "";

	value_of(text, "driver", true, driver);
	value_of(text, "bus", false, bus);
	value_of(text, "addr", false, addr);
	value_of(text, "id", false, id);
	place(slots, driver, bus, addr, id);
}

static const char *member(struct json_object *of, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(of, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

/* -device as JSON, where "addr" may also be a number: eight times the slot, plus the function. */
static void add_json_device(struct xengt_slots *slots, const char *text)
{
	struct json_object *one = json_tokener_parse(text), *number;
	char addr[16];

	if (json_object_is_type(one, json_type_object)) {
		snprintf(addr, sizeof(addr), "%.15s", member(one, "addr"));
		if (json_object_object_get_ex(one, "addr", &number) &&
		    json_object_is_type(number, json_type_int))
			snprintf(addr, sizeof(addr), "%x", json_object_get_int(number) >> 3);
		place(slots, member(one, "driver"), member(one, "bus"), addr, member(one, "id"));
	}
	json_object_put(one);
}

static void add_vga(struct xengt_slots *slots, const char *kind)
{
	char who[XENGT_SLOT_NAME_MAX];

	if (!strcmp(kind, "none"))
		return;
	snprintf(who, sizeof(who), "VGA (-vga %.40s)", kind);
	xengt_slots_take(slots, -1, who);
}

/* -net and -nic: the first word is the kind; with -net only "nic" makes a device. */
static void add_nic(struct xengt_slots *slots, const char *text, bool net)
{
	char kind[WORD_MAX] = "", model[WORD_MAX] = "e1000", addr[WORD_MAX] = "", id[WORD_MAX] = "";

	value_of(text, "type", true, kind);
	if (net ? strcmp(kind, "nic") : !strcmp(kind, "none"))
		return;
	value_of(text, "model", false, model);
	value_of(text, "addr", false, addr);
	value_of(text, "id", false, id);
	place(slots, model, "", addr, id);
}

static void add_audio(struct xengt_slots *slots, const char *text)
{
	char model[WORD_MAX] = "";

	value_of(text, "model", false, model);
	place(slots, model, "", "", "");
}

static void add_drive(struct xengt_slots *slots, const char *text)
{
	char kind[WORD_MAX] = "", id[WORD_MAX] = "";

	value_of(text, "if", false, kind);
	value_of(text, "id", false, id);
	if (!strcmp(kind, "virtio"))
		place(slots, "virtio-blk", "", "", id);
}

/* QEMU makes its devices in this order (qemu_init() in softmmu/vl.c, pc_init1()). */
enum stage { BOARD, SOUND, DEVICES, JSON_DEVICES, DRIVES, STAGES };

static void add_option(struct xengt_slots *slots, enum stage stage, const char *option,
		       const char *value)
{
	bool json = value[0] == '{';

	if (stage == BOARD && !strcmp(option, "vga"))
		add_vga(slots, value);
	else if (stage == BOARD && (!strcmp(option, "net") || !strcmp(option, "nic")))
		add_nic(slots, value, !strcmp(option, "net"));
	else if (stage == SOUND && !strcmp(option, "audio"))
		add_audio(slots, value);
	else if (stage == DEVICES && !strcmp(option, "device") && !json)
		add_device(slots, value);
	else if (stage == DEVICES && !strcmp(option, "virtfs"))
		xengt_slots_take(slots, -1, "virtio-9p-pci (-virtfs)");
	else if (stage == JSON_DEVICES && !strcmp(option, "device") && json)
		add_json_device(slots, value);
	else if (stage == DRIVES && !strcmp(option, "drive"))
		add_drive(slots, value);
}

/* Whether the machine is "xenfv": QEMU then makes Xen's platform device right after the board's
 * devices. */
static bool has_platform(char *const *args)
{
	char machine[WORD_MAX] = "";
	const char *name, *value;
	bool xenfv = false;
	size_t nr;

	for (; (nr = xengt_model_arg(args, &name, &value)); args += nr) {
		if (!value || (strcmp(name, "machine") && strcmp(name, "M")))
			continue;
		value_of(value, "type", true, machine);
		xenfv = !strncmp(machine, "xenfv", strlen("xenfv"));
	}
	return xenfv;
}

void xengt_slots_of_model(char *const *args, struct xengt_slots *slots)
{
	const char *name, *value;
	size_t nr;

	memset(slots, 0, sizeof(*slots));
	xengt_slots_take(slots, 0, "host bridge");
	xengt_slots_take(slots, 1, "PIIX3");
	for (enum stage stage = 0; stage < STAGES; stage++) {
		if (stage == BOARD + 1 && has_platform(args))
			xengt_slots_take(slots, -1, "xen-platform");
		for (char *const *arg = args; (nr = xengt_model_arg(arg, &name, &value)); arg += nr)
			if (value)
				add_option(slots, stage, name, value);
	}
}

int xengt_slots_beside_model(char *const *args, const char *options, u32 *slot, char *why,
			     size_t why_len)
{
	struct xengt_options asked = xengt_options_default();
	struct xengt_slots slots;

	/* Errors in the options are ignored here: xengtd reports them. */
	if (options)
		xengt_options_parse(options, &asked, why, why_len);
	*slot = asked.slot;
	xengt_slots_of_model(args, &slots);
	return xengt_slots_choose(&slots, slot, why, why_len);
}
