/*
 * What the kernel tells of processes under /proc. Any thread; allocates no
 * memory of the program's.
 */
#ifndef WEIGH_BASE_PROCFS_H
#define WEIGH_BASE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens /proc/PID/NAME for reading; the caller closes it. -1 with errno set. */
int weigh_procfs_open(pid_t pid, const char *name);

/*
 * The whole of a small file from its start, ended by NUL; false when there is
 * nothing. A file of a process that has ended reads as nothing, whoever has its
 * number now.
 */
bool weigh_procfs_read(int file, char *text, size_t size);

/* The number after `name`, which must start a line; 0 when it is not there. */
uint64_t weigh_procfs_field(const char *text, const char *name, int base);

/*
 * Calls `visit` with each name in a folder that is a number, as those of
 * processes, threads and open files are, until it returns false; `list` is the
 * file that the folder is read through. System calls only.
 */
void weigh_procfs_each(const char *folder, bool (*visit)(int number, int list, void *arg), void *arg);

enum weigh_memory_kind {
	WEIGH_MEMORY_RESIDENT = 0,     /* RSS: all that is in memory, shared or not */
	WEIGH_MEMORY_PROPORTIONAL = 1, /* PSS: shared pages divided by those who share them */
	WEIGH_MEMORY_UNIQUE = 2,       /* USS: what would be free if the process ended */
};

/*
 * Bytes of one process; 0, or an errno: ESRCH when it has ended. Resident
 * costs about 5 us, the others look at every page: a millisecond for each
 * 100 MiB or so.
 */
int weigh_process_memory(pid_t pid, enum weigh_memory_kind kind, uint64_t *bytes);

/* Resident bytes now, and the most there have been; false when it has ended. About 20 us. */
bool weigh_process_highest(pid_t pid, uint64_t *resident, uint64_t *highest);

/*
 * Makes the kernel begin its count of the most resident bytes of this process
 * anew. False where that is not allowed; what getrusage() says of the process
 * begins anew too.
 */
bool weigh_process_forget_highest(void);

/*
 * All descendants of a process, parents before their children. Their number;
 * more than `room` are left out. Costs about 15 us for each process of the
 * machine.
 */
int weigh_process_descendants(pid_t pid, pid_t *found, int room);

/* The process with the lowest number whose command has `name` in it, this one excepted; 0: none. */
pid_t weigh_process_find(const char *name);

#endif
