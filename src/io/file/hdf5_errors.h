/* Private to the files of io that know the HDF5 library: its global settings and its error stack. */
#ifndef IO_FILE_HDF5_ERRORS_H
#define IO_FILE_HDF5_ERRORS_H

/* The innermost message of the first HDF5 call that failed. */
typedef struct hdf5_reason {
    char text[256];
} hdf5_reason;

/* Before other HDF5 calls: no file locks, no messages of its own. Clears `reason`, which receives failures
 * until hdf5_end or the next hdf5_begin. */
void hdf5_begin(hdf5_reason *reason);
void hdf5_end(void);

#endif
