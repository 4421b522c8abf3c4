/* The table of one kernel set. */
#include "engine/lockstep/lane_tables.h"

void LANE_KERNEL(fill_lane_kernels)(lane_kernels *k) {
    LANE_KERNEL(fill_lane_dense)(k);
    LANE_KERNEL(fill_lane_elementwise)(k);
    LANE_KERNEL(fill_lane_losses)(k);
    LANE_KERNEL(fill_lane_updates)(k);
}
