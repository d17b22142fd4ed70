/*
 * Writes the captures that fuzzing starts from into a folder: seeds FOLDER
 */
#include "tests/unit/fake_capture.h"

#include <stdio.h>
#include <stdlib.h>

static void write_seed(const char *folder, const char *name, const struct fake_capture *fake)
{
	char path[4096];
	size_t size;
	uint8_t *bytes = fake_layout(fake, 0, false, &size);

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fake_write(path, bytes, size);
	free(bytes);
}

int main(int argc, char **argv)
{
	struct fake_capture fake;

	if (argc != 2)
		return 2;
	fake_init(&fake, WEIGH_MODE_SAMPLED);
	write_seed(argv[1], "empty.weigh", &fake);
	fake_deinit(&fake);
	fake_example(&fake, WEIGH_MODE_SAMPLED, "/home/ada/bus");
	write_seed(argv[1], "sampled.weigh", &fake);
	fake_deinit(&fake);
	fake_example(&fake, WEIGH_MODE_EXACT, "/home/ada/bus");
	write_seed(argv[1], "exact.weigh", &fake);
	fake_deinit(&fake);
	return 0;
}
