/* Names of choices that have no rows of functions. */
#include "engine/spec.h"

static const char *const reductions[] = {[REDUCE_MEAN] = "mean", [REDUCE_SUM] = "sum"};
const name_table reduction_names = NAME_TABLE(reductions);

static const char *const last_batches[] = {[LAST_BATCH_KEEP] = "keep", [LAST_BATCH_DROP] = "drop"};
const name_table last_batch_names = NAME_TABLE(last_batches);

static const char *const keeps[] = {[KEEP_LAST] = "last", [KEEP_BEST] = "best"};
const name_table keep_names = NAME_TABLE(keeps);

static const char *const epsilon_styles[] = {[EPSILON_PYTORCH] = "pytorch", [EPSILON_KERAS] = "keras"};
const name_table epsilon_style_names = NAME_TABLE(epsilon_styles);

static const char *const cycle_policies[] = {
    [CYCLE_TRIANGULAR] = "triangular", [CYCLE_TRIANGULAR2] = "triangular2", [CYCLE_EXP_RANGE] = "exp_range"};
const name_table cycle_policy_names = NAME_TABLE(cycle_policies);

static const char *const threshold_modes[] = {[THRESHOLD_REL] = "rel", [THRESHOLD_ABS] = "abs"};
const name_table threshold_mode_names = NAME_TABLE(threshold_modes);

static const char *const gelu_approximations[] = {[GELU_EXACT] = "none", [GELU_TANH] = "tanh"};
const name_table gelu_approximation_names = NAME_TABLE(gelu_approximations);
