/*
 * Writes the mprof files that fuzzing starts from into a folder: seeds_mprof
 * FOLDER. The first byte says how they are drawn.
 */
#include <stdio.h>
#include <stdlib.h>

static void write_seed(const char *folder, const char *name, const char *text)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	write_seed(
		argv[1], "program.dat",
		"\1CMDLINE python 'a b.py'\nMEM 1.500000 1700000000.1000\nMEM 20.250000 1700000000.2000\n");
	write_seed(argv[1], "functions.dat",
		   "\21MEM 9.5 1700000000\nFUNC m.a.f 2.0 1700000000.15 3.0 1700000000.25 1\n"
		   "FUNC m.b.f 1.0 1700000000.1 9.0 1700000000.3 0\nFUNC g 1 1 1 2\n");
	write_seed(argv[1], "children.dat",
		   " MEM 1 1700000000\nCHLD 4711 3.0 1700000000.2\nCHLD 4712 4.0 1700000000.2\nOTHER word\n"
		   "MEM 5 1700000009");
	return 0;
}
