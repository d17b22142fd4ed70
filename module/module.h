/*
 * What the parts of weigh._weigh share.
 */
#ifndef WEIGH_MODULE_MODULE_H
#define WEIGH_MODULE_MODULE_H

#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts a recording into the file behind `fd`, allocated in full, or without
 * a file when it is -1; `command` is a tuple of str, `frames` as in struct
 * weigh_recording. False with an exception.
 */
bool weigh_module_record(int fd, bool exact, PyObject *command, uint32_t frames);

/* Raises weigh.WeighError. NULL. */
PyObject *weigh_module_raise(const char *message);

#endif
