/* SPDX-License-Identifier: MIT */
/* The PCI function as the guest's kernel shows it: identity, BARs, capabilities. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

static unsigned int bytes_at(const uint8_t *cfg, unsigned int at, unsigned int bytes)
{
	unsigned int value = 0;

	memcpy(&value, cfg + at, bytes);
	return value;
}

static int check(const char *what, unsigned long long is, unsigned long long should)
{
	printf("%s %s: 0x%llx\n", is == should ? "ok" : "not ok", what, is);
	return is != should;
}

static unsigned long long bar_size(const char *path, unsigned int bar)
{
	char file[512];
	struct stat st;

	snprintf(file, sizeof(file), "%s/resource%u", path, bar);
	return stat(file, &st) ? 0 : (unsigned long long)st.st_size;
}

/* Returns the offset of capability @id, or 0. */
static unsigned int capability(const uint8_t *cfg, unsigned int id)
{
	unsigned int at = cfg[0x34], steps = 0;

	while (at >= 0x40 && steps++ < 48) {
		if (cfg[at] == id)
			return at;
		at = cfg[at + 1];
	}
	return 0;
}

/* vgpu-test info [APERTURE_MIB] */
int cmd_info(int argc, char **argv)
{
	const char *path = device_path(0x8086, 0x1912);
	unsigned long long aperture = 256;
	volatile uint8_t *regs;
	uint8_t cfg[256];
	char file[512];
	int fd, bad = 0;

	if (argc > 1)
		sscanf(argv[1], "%llu", &aperture);
	if (!path)
		die("no vGPU (8086:1912)");
	snprintf(file, sizeof(file), "%s/config", path);
	fd = open(file, O_RDONLY);
	if (fd < 0 || read(fd, cfg, sizeof(cfg)) != sizeof(cfg))
		die("%s", file);
	close(fd);
	printf("vGPU at %s\n", strrchr(path, '/') + 1);
	bad |= check("class", bytes_at(cfg, 0x09, 3), 0x030000);
	bad |= check("revision", cfg[8], 6);
	bad |= check("BAR0 size", bar_size(path, 0), 16ull << 20);
	bad |= check("BAR2 size", bar_size(path, 2), aperture << 20);
	bad |= check("MSI capability", capability(cfg, 5), 0xac);
	bad |= check("power management capability", capability(cfg, 1), 0xd0);
	bad |= check("GMCH: 8 MiB GTT, no stolen memory", bytes_at(cfg, 0x50, 2), 0xc0);
	regs = vgpu_bar0();
	bad |= check("PVINFO magic, in 8 bytes", *(volatile uint64_t *)(regs + 0x78000),
		     0x4776544776544776ull);
	bad |= check("PVINFO version, in 2 bytes", *(volatile uint16_t *)(regs + 0x78008), 1);
	bad |= check("PVINFO mappable size", *(volatile uint32_t *)(regs + 0x78044),
		     aperture << 20);
	return bad;
}
