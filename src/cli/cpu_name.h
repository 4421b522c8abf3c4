/* The name that the CPU reports. */
#ifndef CLI_CPU_NAME_H
#define CLI_CPU_NAME_H

#include <stddef.h>

/* "AMD EPYC 9B14", or "unknown". */
void cpu_name(char *name, size_t size);

#endif
