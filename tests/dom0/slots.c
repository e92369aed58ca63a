/* SPDX-License-Identifier: MIT */
/*
 * Compares what xengt says of QEMU's PCI devices with what QEMU itself says.
 *   slots domain DOMID PID  which slots it has, by its arguments and by its monitor
 *   slots types <LIST       which of its device types are PCI devices; LIST: QEMU's "-device help"
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xengt/qemu/qmp.h"
#include "xengt/qemu/slots.h"

#define WORDS_MAX 1024u

/* The arguments of process @pid, without the program's name. They stay until the end. */
static char **arguments(const char *pid)
{
	static char *words[WORDS_MAX + 1];
	char path[64];
	size_t room = 0, nr = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	file = fopen(path, "re");
	while (file && nr < WORDS_MAX && getdelim(&words[nr], &room, '\0', file) > 0) {
		nr++;
		room = 0;
	}
	if (file)
		fclose(file);
	free(words[nr]);
	words[nr] = NULL;
	return nr ? words + 1 : words;
}

/* libxl plugs the controllers of usbctrl and usbdev in when QEMU runs: no argument speaks of them.
 */
static bool plugged(const char *who)
{
	return strstr(who, "(xenusb-");
}

static int compare_domain(const char *domid, const char *pid)
{
	struct xengt_slots told, asked;
	char why[256];
	int differ = 0;

	xengt_slots_of_model(arguments(pid), &told);
	if (xengt_qmp_slots("/var/run/xen", strtoul(domid, NULL, 10), &asked, why, sizeof(why))) {
		puts(why);
		return 1;
	}
	/* Nobody answered: the bus has a host bridge at least. */
	differ = !asked.who[0][0];
	for (unsigned int i = 0; i < XENGT_SLOTS; i++) {
		bool same = !told.who[i][0] == !asked.who[i][0] || plugged(asked.who[i]);

		if (told.who[i][0] || asked.who[i][0])
			printf("%2u %-30s %-30s%s\n", i, told.who[i], asked.who[i],
			       same ? "" : " differ");
		differ |= !same;
	}
	return differ;
}

static int compare_types(void)
{
	char line[512], name[64];
	unsigned int nr = 0, differ = 0;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "name \"%63[^\"]", name) != 1)
			continue;
		nr++;
		if (xengt_slots_on_pci(name) == (strstr(line, ", bus PCI") != NULL))
			continue;
		fputs(line, stdout);
		differ++;
	}
	printf("%u types, %u differ\n", nr, differ);
	return !nr || differ;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "domain"))
		return compare_domain(argv[2], argv[3]);
	if (argc == 2 && !strcmp(argv[1], "types"))
		return compare_types();
	return 2;
}
