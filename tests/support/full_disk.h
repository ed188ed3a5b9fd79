#pragma once

/* A disk on which no file grows any more, as far as this process is concerned (RLIMIT_FSIZE). */

void full_disk_begin(void);
void full_disk_end(void); // also when it has not begun
