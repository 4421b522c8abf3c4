/* The parts of a kernel set's table, each filled in its own file. Private to the kernels of lockstep. */
#ifndef ENGINE_LOCKSTEP_LANE_TABLES_H
#define ENGINE_LOCKSTEP_LANE_TABLES_H

#include "engine/lockstep/vectors.h"

void LANE_KERNEL(fill_lane_kernels)(lane_kernels *k);
void LANE_KERNEL(fill_lane_dense)(lane_kernels *k);
void LANE_KERNEL(fill_lane_elementwise)(lane_kernels *k);
void LANE_KERNEL(fill_lane_losses)(lane_kernels *k);
void LANE_KERNEL(fill_lane_updates)(lane_kernels *k);

#endif
