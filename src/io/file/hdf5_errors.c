/* The HDF5 library's global settings and its error stack. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/file/hdf5_errors.h"

static herr_t keep_innermost(unsigned n, const H5E_error2_t *entry, void *text) {
    hdf5_reason *reason = text;
    if (n == 0 && reason->text[0] == '\0')
        snprintf(reason->text, sizeof reason->text, "%s", entry->desc);
    return 0;
}

/* Called by the library whenever one of its functions fails. */
static herr_t on_failure(hid_t stack, void *reason) {
    return H5Ewalk2(stack, H5E_WALK_UPWARD, keep_innermost, reason);
}

void hdf5_begin(hdf5_reason *reason) {
    *reason = (hdf5_reason){0};
    /* The environment beats H5Pset_file_locking. Some file systems refuse every lock, and a reader must not
     * block a writer. */
    /* fails only without memory, and HDF5 then reports that it cannot lock */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
    /* HDF5 1.10 may crash in its exit handler after a failed write. Every handle is closed here anyway; the
     * call only fails when it was made before. */
    (void)H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, on_failure, reason);
}

void hdf5_end(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}
