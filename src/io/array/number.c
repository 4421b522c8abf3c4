/* Numbers as files store them, in terms of the HDF5 library's types and conversions. */
#include <hdf5.h>
#include <stdio.h>

#include "io/array/format.h"
#include "io/file/hdf5_errors.h"

size_t array_number_bytes(array_numbers as) {
    return as == ARRAY_AS_BYTES ? sizeof(uint8_t) : as == ARRAY_AS_FLOATS ? sizeof(float) : sizeof(double);
}

int64_t array_memory_type(array_numbers as) {
    return as == ARRAY_AS_BYTES    ? H5T_NATIVE_UINT8
           : as == ARRAY_AS_FLOATS ? H5T_NATIVE_FLOAT
                                   : H5T_NATIVE_DOUBLE;
}

/* IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits, bias 15. */
static hid_t make_half(bool big_endian) {
    hid_t type = H5Tcopy(big_endian ? H5T_IEEE_F32BE : H5T_IEEE_F32LE);
    bool made = type >= 0 && H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0 &&
                H5Tset_ebias(type, 15) >= 0;
    if (made || type < 0)
        return type;
    H5Tclose(type);
    return H5I_INVALID_HID;
}

static hid_t make_float(size_t bytes, bool big_endian) {
    switch (bytes) {
    case 2:
        return make_half(big_endian);
    case 4:
        return H5Tcopy(big_endian ? H5T_IEEE_F32BE : H5T_IEEE_F32LE);
    case 8:
        return H5Tcopy(big_endian ? H5T_IEEE_F64BE : H5T_IEEE_F64LE);
    case sizeof(long double): /* NumPy's longdouble is this machine's long double */
        return big_endian ? H5I_INVALID_HID : H5Tcopy(H5T_NATIVE_LDOUBLE);
    default:
        return H5I_INVALID_HID;
    }
}

static hid_t make_integer(size_t bytes, bool is_signed, bool big_endian) {
    const hid_t types[4][2][2] = {{{H5T_STD_U8LE, H5T_STD_U8BE}, {H5T_STD_I8LE, H5T_STD_I8BE}},
                                  {{H5T_STD_U16LE, H5T_STD_U16BE}, {H5T_STD_I16LE, H5T_STD_I16BE}},
                                  {{H5T_STD_U32LE, H5T_STD_U32BE}, {H5T_STD_I32LE, H5T_STD_I32BE}},
                                  {{H5T_STD_U64LE, H5T_STD_U64BE}, {H5T_STD_I64LE, H5T_STD_I64BE}}};
    for (int i = 0; i < 4; i++)
        if (bytes == (size_t)1 << i)
            return H5Tcopy(types[i][is_signed][big_endian]);
    return H5I_INVALID_HID;
}

bool stored_number_make(stored_number *out, char kind, size_t bytes, bool big_endian) {
    hdf5_reason ignored;
    hdf5_begin(&ignored);
    *out = (stored_number){.bytes = bytes, .is_bool = kind == 'b'};
    if (kind == 'f')
        out->id = make_float(bytes, big_endian);
    else if (kind == 'b')
        out->id = bytes == 1 ? make_integer(1, false, false) : H5I_INVALID_HID;
    else
        out->id = make_integer(bytes, kind == 'i', big_endian);
    hdf5_end();
    const bool is_byte = bytes == 1 && (kind == 'u' || kind == 'b');
    out->type = kind == 'f' ? ARRAY_FLOAT : is_byte ? ARRAY_BYTE : ARRAY_INTEGER;
    return out->id >= 0;
}

bool stored_number_convert(const stored_number *from, array_numbers to, size_t count, void *buffer) {
    hdf5_reason ignored;
    hdf5_begin(&ignored);
    bool converted = H5Tconvert(from->id, array_memory_type(to), count, buffer, NULL, H5P_DEFAULT) >= 0;
    hdf5_end();
    return converted;
}

void stored_number_close(stored_number *number) {
    if (number->id >= 0)
        H5Tclose(number->id);
    number->id = H5I_INVALID_HID;
}

void stored_number_name(const stored_number *number, bool is_signed, char name[ARRAY_TYPE_NAME_SIZE]) {
    const char *kind = number->type == ARRAY_FLOAT ? "float" : is_signed ? "int" : "uint";
    if (number->is_bool)
        snprintf(name, ARRAY_TYPE_NAME_SIZE, "bool");
    else
        snprintf(name, ARRAY_TYPE_NAME_SIZE, "%s%zu", kind, 8 * number->bytes % 1000);
}
