/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target once over each kept input: CORPUS is the folder of a target. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(void)
{
	static uint8_t input[65536];
	struct dirent *entry;
	char path[4096];
	DIR *dir = opendir(CORPUS);
	unsigned int nr = 0;

	while (dir && (entry = readdir(dir))) {
		size_t size;
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", CORPUS, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (!file)
			continue;
		size = fread(input, 1, sizeof(input), file);
		fclose(file);
		LLVMFuzzerTestOneInput(input, size);
		nr++;
	}
	if (dir)
		closedir(dir);
	/* The last line that Check would print, which ./check counts: each input is one check. */
	printf("%s%%: Checks: %u, Failures: 0, Errors: 0\n", nr ? "100" : "0", nr);
	return nr ? EXIT_SUCCESS : EXIT_FAILURE;
}
