/* SPDX-License-Identifier: MIT */
/* QEMU's PCI devices, from a guest's configuration, in the order in which libxl has QEMU make them.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/types.h"
#include "xengt/cli/doctor_xl.h"

#define ARGS_MAX  256u
#define VALUE_MAX 64u

/* Those of QEMU's arguments that make devices. */
struct args {
	char *word[ARGS_MAX + 1];
	size_t nr;
};

static void add(struct args *args, const char *option, const char *value)
{
	char *words[] = { strdup(option), strdup(value) };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (args->nr < ARGS_MAX && words[i])
			args->word[args->nr++] = words[i];
		else
			free(words[i]);
	}
}

/* Finds the value of @key in "key=value,...", with blanks around. False: it is not there. */
static bool part_of(const char *spec, const char *key, char value[VALUE_MAX])
{
	while (spec) {
		size_t len;

		spec += strspn(spec, ", \t");
		len = strlen(key);
		if (!strncmp(spec, key, len)) {
			const char *at = spec + len + strspn(spec + len, " \t");

			if (*at == '=') {
				at++;
				at += strspn(at, " \t");
				len = strcspn(at, ", \t");
				snprintf(value, VALUE_MAX, "%.*s", (int)len, at);
				return true;
			}
		}
		spec = strchr(spec, ',');
	}
	return false;
}

/* Whether the guest has a SCSI disk. */
static bool has_scsi(const struct xl_file *file)
{
	bool found = false;
	const char *spec;

	for (size_t i = 0; !found && (spec = xl_item(file, "disk", i)); i++) {
		libxl_device_disk disk;

		libxl_device_disk_init(&disk);
		found = !xlu_disk_parse(file->cfg, 1, &spec, &disk) && disk.vdev &&
			!disk.is_cdrom && !strncmp(disk.vdev, "sd", 2);
		libxl_device_disk_dispose(&disk);
	}
	return found;
}

static void add_vga(struct args *args, const struct xl_file *file)
{
	static const struct {
		const char *kind, *device;
	} kinds[] = { { "stdvga", "VGA" }, { "cirrus", "cirrus-vga" }, { "qxl", "qxl-vga" } };
	const char *kind = xl_string(file, "vga");

	if (!kind)
		kind = xl_number(file, "stdvga", 0) ? "stdvga" : "cirrus";
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kind, kinds[i].kind))
			add(args, "-device", kinds[i].device);
}

static void add_usb(struct args *args, const struct xl_file *file)
{
	static const char *const controllers[] = {
		[1] = "piix3-usb-uhci,id=usb",
		[2] = "ich9-usb-ehci1,id=usb,addr=0x1d.0x7",
		[3] = "nec-usb-xhci,id=usb",
	};
	bool redirected =
		xl_number(file, "spice", 0) && xl_number(file, "spiceusbredirection", 0) > 0;
	long version = xl_number(file, "usbversion", redirected ? 2 : 0);

	if (version > 0 && version < (long)ARRAY_SIZE(controllers))
		add(args, "-device", controllers[version]);
}

static void add_nics(struct args *args, const struct xl_file *file)
{
	const char *spec;

	for (size_t i = 0; (spec = xl_item(file, "vif", i)); i++) {
		char type[VALUE_MAX] = "ioemu", model[VALUE_MAX] = "rtl8139",
		     device[VALUE_MAX + 32];

		part_of(spec, "type", type);
		part_of(spec, "model", model);
		snprintf(device, sizeof(device), "%s,id=nic%zu", model, i);
		if (!strcmp(type, "ioemu"))
			add(args, "-device", device);
	}
}

static void add_own(struct args *args, const struct xl_file *file, const char *list)
{
	const char *word;

	for (size_t i = 0; args->nr < ARGS_MAX && (word = xl_item(file, list, i)); i++) {
		args->word[args->nr] = strdup(word);
		args->nr += !!args->word[args->nr];
	}
}

/* Makes QEMU's arguments as libxl__build_device_model_args_new() in libxl_dm.c does. */
static void model_args(const struct xl_file *file, struct args *args)
{
	const char *sound = xl_string(file, "soundhw"), *hdtype = xl_string(file, "hdtype");

	if (has_scsi(file))
		add(args, "-device", "lsi53c895a");
	if (xl_number(file, "spice", 0) && xl_number(file, "spicevdagent", 0))
		add(args, "-device", "virtio-serial");
	add_vga(args, file);
	add_usb(args, file);
	if (sound)
		add(args, "-device", !strcmp(sound, "hda") ? "intel-hda" : sound);
	add_nics(args, file);
	add_own(args, file, "device_model_args");
	add(args, "-machine", xl_number(file, "xen_platform_pci", 1) ? "xenfv" : "pc");
	add_own(args, file, "device_model_args_hvm");
	if (hdtype && !strcmp(hdtype, "ahci"))
		add(args, "-device", "ahci,id=ahci0");
}

/* Devices that libxl plugs in when QEMU runs: USB controllers, then the host's PCI devices. */
static void plug_usb(const struct xl_file *file, struct xengt_slots *slots)
{
	const char *spec;
	size_t i;

	for (i = 0; (spec = xl_item(file, "usbctrl", i)); i++) {
		char type[VALUE_MAX] = "auto", who[XENGT_SLOT_NAME_MAX];

		part_of(spec, "type", type);
		snprintf(who, sizeof(who), "USB controller (usbctrl %zu)", i);
		if (!strcmp(type, "auto") || !strcmp(type, "devicemodel"))
			xengt_slots_take(slots, -1, who);
	}
	if (!i && xl_item(file, "usbdev", 0))
		xengt_slots_take(slots, -1, "USB controller (usbdev)");
}

static void plug_host_devices(const struct xl_file *file, struct xengt_slots *slots)
{
	const char *spec;

	for (size_t i = 0; (spec = xl_item(file, "pci", i)); i++) {
		const char *at = strchr(spec, '@');
		char vslot[VALUE_MAX], who[XENGT_SLOT_NAME_MAX];

		if (!at)
			at = part_of(spec, "vslot", vslot) ? vslot : NULL;
		else
			at++;
		snprintf(who, sizeof(who), "host device %.40s", spec);
		xengt_slots_take(slots, at ? xengt_slots_number(at) : -1, who);
	}
}

void xl_slots(const struct xl_file *file, struct xengt_slots *slots)
{
	struct args args = { 0 };

	model_args(file, &args);
	xengt_slots_of_model(args.word, slots);
	for (size_t i = 0; i < args.nr; i++)
		free(args.word[i]);
	plug_usb(file, slots);
	plug_host_devices(file, slots);
}
