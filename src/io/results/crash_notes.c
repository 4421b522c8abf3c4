#include "io/results/crash_notes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int crash_notes_open(const crash_notes *notes) {
    struct stat info;
    int file = notes->path[0] != '\0' ? open(notes->path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return -1;
    if (fstat(file, &info) == 0 && info.st_ino == notes->inode && (uint64_t)info.st_size == notes->size)
        return file;
    close(file); /* nothing was written */
    return -1;
}

void crash_notes_add(const crash_notes *notes, int file, size_t cell, int signal) {
    const int32_t number = signal;
    const off_t row = (off_t)(cell * sizeof number);
    int32_t crashes;
    if (file < 0 || pread(file, &crashes, sizeof crashes, (off_t)notes->crashes + row) != sizeof crashes)
        return;
    crashes++;
    if (pwrite(file, &number, sizeof number, (off_t)notes->signals + row) == sizeof number &&
        pwrite(file, &crashes, sizeof crashes, (off_t)notes->crashes + row) != sizeof crashes)
        return; /* the cell gets one try too many */
}
