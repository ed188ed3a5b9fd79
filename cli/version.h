#pragma once

/* --version: thumbmill's, libzmq's, and what the decoder says of libvips. Returns the exit status.
 */
int version_print(void);
