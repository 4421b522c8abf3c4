/* Writes arrays as .npy files and HDF5 data sets. */
#ifndef TESTS_UNIT_ARRAY_FILES_H
#define TESTS_UNIT_ARRAY_FILES_H

#include <hdf5.h>
#include <unistd.h>

#include "temporary_directory.h"

/* A .npy file of version 1.0 with exactly this header, followed by these bytes. */
static inline const char *write_npy_header(const temporary_directory *directory, const char *name,
                                           const char *header, const void *numbers, size_t size) {
    static char bytes[1 << 16];
    size_t length = strlen(header), offset = 10 + length;
    assert_true(offset + size <= sizeof bytes);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (char)(length & 0xff);
    bytes[9] = (char)(length >> 8);
    memcpy(bytes + 10, header, length);
    memcpy(bytes + offset, numbers, size);
    return temporary_directory_write(directory, name, bytes, offset + size);
}

/* descr: "<f4"; shape: "3, 4" */
static inline const char *write_npy(const temporary_directory *directory, const char *name, const char *descr,
                                    const char *shape, const void *numbers, size_t size) {
    char header[128];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }\n", descr,
             shape);
    return write_npy_header(directory, name, header, numbers, size);
}

/* Add a data set to the file, which is made when it does not exist. */
static inline void write_hdf5(const char *path, const char *name, hid_t type, int rank, const hsize_t dims[],
                              const void *numbers) {
    hid_t file = access(path, F_OK) == 0 ? H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT)
                                         : H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    hid_t space = H5Screate_simple(rank, dims, NULL);
    hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    assert_true(H5Dclose(data) >= 0 && H5Sclose(space) >= 0 && H5Fclose(file) >= 0);
}

#endif
