/*
 * Takes over symbols in the shared objects of this process by rewriting their
 * relocated addresses.
 */
#ifndef WEIGH_INTERPOSE_PATCH_H
#define WEIGH_INTERPOSE_PATCH_H

/*
 * Patches every shared object that was not patched yet, the executable and
 * libc included, the loader and this library excepted. Cheap when nothing was
 * loaded since. Not on the recording path: it takes the loader's lock. What is
 * patched stays so: with the gate closed our functions only forward.
 */
void weigh_patch_all(void);

#endif
