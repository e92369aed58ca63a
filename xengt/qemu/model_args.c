/* SPDX-License-Identifier: MIT */
#include "xengt/qemu/model_args.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/types.h"

/* QEMU's options that take no value (qemu-options.hx, 3.1 to 10.2). Our option -xengt takes one. */
static const char *const alone[] = {
	"S",
	"alt-grab",
	"async-teardown",
	"audio-help",
	"ctrl-grab",
	"curses",
	"daemonize",
	"enable-fips",
	"enable-hax",
	"enable-kvm",
	"enable-sync-profile",
	"full-screen",
	"h",
	"help",
	"localtime",
	"mem-prealloc",
	"no-acpi",
	"no-fd-bootchk",
	"no-frame",
	"no-hpet",
	"no-kvm",
	"no-quit",
	"no-reboot",
	"no-shutdown",
	"no-user-config",
	"nodefaults",
	"nodefconfig",
	"nographic",
	"only-migratable",
	"portrait",
	"preconfig",
	"s",
	"sdl",
	"singlestep",
	"snapshot",
	"usb",
	"version",
	"win2k-hack",
	"xen-attach",
	"xen-domid-restrict",
};

static bool takes_value(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
		if (!strcmp(name, alone[i]))
			return false;
	return true;
}

size_t xengt_model_arg(char *const *args, const char **name, const char **value)
{
	*name = *value = NULL;
	if (!args[0])
		return 0;
	if (args[0][0] != '-')
		return 1;
	*name = args[0] + (args[0][1] == '-' ? 2 : 1);
	if (!takes_value(*name))
		return 1;
	*value = args[1];
	return args[1] ? 2 : 1;
}
