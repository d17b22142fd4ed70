/*
 * Recordings as the parts of weigh._weigh start them. With the GIL.
 */
#ifndef WEIGH_MODULE_RECORDING_H
#define WEIGH_MODULE_RECORDING_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts a recording into the file behind `fd`, allocated in full, or without
 * a file when it is -1; `command` is a tuple of str, `frames` as in struct
 * weigh_recording. False with an exception.
 */
bool weigh_recording_start(int fd, bool exact, PyObject *command, uint32_t frames);

/*
 * Sees to it that blocks are counted: by the recording that runs, else by one
 * of counters only, in memory. False with an exception set.
 */
bool weigh_recording_count(void);

#endif
