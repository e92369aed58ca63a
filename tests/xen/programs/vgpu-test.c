/* SPDX-License-Identifier: MIT */
/* vgpu-test: what a guest does to its vGPU in the tests on real Xen. One command a run. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

void die(const char *format, ...)
{
	int err = errno;
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

static unsigned int read_hex(const char *dir, const char *name)
{
	char path[512];
	unsigned int value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%x", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

const char *device_path(unsigned int vendor, unsigned int device)
{
	static char path[300];
	DIR *dir = opendir(PCI_DEVICES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PCI_DEVICES "/%s", entry->d_name);
		if (read_hex(path, "vendor") == vendor && read_hex(path, "device") == device) {
			closedir(dir);
			return path;
		}
	}
	if (dir)
		closedir(dir);
	return NULL;
}

volatile uint8_t *device_map(const char *path, unsigned int bar, size_t size)
{
	char file[512];
	void *va;
	int fd;

	snprintf(file, sizeof(file), "%s/resource%u", path, bar);
	fd = open(file, O_RDWR | O_SYNC);
	if (fd < 0)
		die("%s", file);
	va = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (va == MAP_FAILED)
		die("mapping %s", file);
	close(fd);
	return va;
}

static const char *vgpu_path(void)
{
	const char *path = device_path(0x8086, 0x1912);

	if (path)
		return path;
	errno = ENODEV;
	die("no vGPU (8086:1912)");
}

volatile uint8_t *vgpu_bar0(void)
{
	/* No more than the registers: of the rest, a driver may have a mapping of another kind. */
	return device_map(vgpu_path(), 0, 2 << 20);
}

/* Memory decoding and bus mastering, which an unloaded driver has turned off. */
static void turn_on(const char *path)
{
	uint16_t command = 0x6;
	char file[512];
	int fd;

	snprintf(file, sizeof(file), "%s/config", path);
	fd = open(file, O_RDWR);
	if (fd < 0 || pwrite(fd, &command, sizeof(command), 4) != sizeof(command))
		die("%s", file);
	close(fd);
}

volatile uint8_t *vgpu_whole_bar0(void)
{
	const char *path = vgpu_path();

	turn_on(path);
	return device_map(path, 0, 16 << 20);
}

unsigned int vgpu_slot(void)
{
	const char *name = strrchr(vgpu_path(), ':');

	return name ? strtoul(name + 1, NULL, 16) : 0;
}

unsigned long long page_frame(volatile void *va)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)va / 4096 * 8) != sizeof(entry))
		die("/proc/self/pagemap");
	close(fd);
	return entry & ((1ull << 55) - 1);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "info", cmd_info },	  { "access", cmd_access }, { "rep", cmd_rep },
	{ "track", cmd_track },	  { "storm", cmd_storm },   { "bench", cmd_bench },
	{ "direct", cmd_direct }, { "noise", cmd_noise },   { "enter", cmd_enter },
	{ "attack", cmd_attack }, { "worst", cmd_worst },   { "vsync", cmd_vsync },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr,
		"usage: vgpu-test "
		"info|access|rep|track|storm|noise|enter|direct|bench|attack|worst|vsync\n");
	return 2;
}
