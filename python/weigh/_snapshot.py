"""snapshot(): the objects of this program, as they are now, in a file."""

import errno
import os

from weigh import _weigh

# What the system refuses a fork for.
NO_FORK = (errno.EAGAIN, errno.ENOMEM)


def explain(shown, error):
    """The WeighError for an OSError of a snapshot."""
    if error.errno in NO_FORK:
        return _weigh.WeighError(
            f"{shown}: the program cannot be forked: {error.strerror}: free some memory, or give in_place=True"
        )
    if error.errno == errno.ECHILD:
        return _weigh.WeighError(f"{shown}: the process that wrote the snapshot was ended: take it again")
    return _weigh.WeighError(f"{shown}: no snapshot: {error.strerror}: choose another place")


def snapshot(path, *, overwrite=False, in_place=False):
    """Write the objects of this program, and who refers to whom, to a file for `weigh heap`.

    The program stands still while it is forked, about 2 ms for each 100 MiB of
    its memory; the child then writes, and this function waits for it while
    other threads go on. With `in_place` there is no child, and the whole
    program stands still until the file is written.

    Where blocks are being recorded each object comes with the line that made
    it. An existing file is an error unless `overwrite` is true.

    Raises WeighError when the file cannot be written or the program cannot be
    forked; Ctrl-C ends the child, and nothing is left behind.
    """
    shown = os.fsdecode(path)
    if os.path.lexists(shown):
        if not overwrite:
            raise _weigh.WeighError(f"{shown}: the file exists: give overwrite=True or another name")
        if not os.path.isfile(shown) or os.path.islink(shown):
            raise _weigh.WeighError(f"{shown}: not a regular file, not replaced: name a file")
    try:
        _weigh.snapshot(os.path.abspath(shown), in_place)
    except OSError as error:
        raise explain(shown, error) from error
