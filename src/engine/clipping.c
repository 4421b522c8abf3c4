/* Gradient clipping, as torch.nn.utils.clip_grad_norm_ and clip_grad_value_ of PyTorch 1.13 have it:
 *
 *   clip_norm    g ← g min(1, clip_norm / (‖g‖₂ + 10⁻⁶))     ‖g‖₂ over all parameters of the model
 *   clip_value   g ← min(max(g, −clip_value), clip_value)
 *
 * g is the gradient of the cost, penalties included; weight decay comes later. With both, the norm comes
 * first. A norm of NaN makes all of g NaN, an infinite one what is infinite in g. */
#include "engine/clipping.h"

#include <math.h>

/* Enough for vectors of any set; part of the order of the sum, so of the result. */
enum { SUMS = 16 };

bool clips_gradient(const optimizer_spec *spec) {
    return spec->clip_norm > 0 || spec->clip_value > 0;
}

/* Σ g² in double: value i is added to sum number i mod SUMS in the order in which parameters are stored, then
 * the sums are added up from the first. Squares of floats are exact in double, so that the bits do not depend
 * on fused multiply-adds. */
double gradient_norm(size_t count, const real *g) {
    double sums[SUMS] = {0}, total = 0;
    size_t i = 0;
    for (; i + SUMS <= count; i += SUMS)
        for (size_t k = 0; k < SUMS; k++)
            sums[k] += (double)g[i + k] * (double)g[i + k];
    for (size_t k = 0; i + k < count; k++)
        sums[k] += (double)g[i + k] * (double)g[i + k];
    for (int k = 0; k < SUMS; k++)
        total += sums[k];
    return sqrt(total);
}

/* Not fmin, which would make 1 of NaN. */
static real norm_factor(double most, double norm) {
    const double factor = most / (norm + 1e-6);
    return factor > 1 ? 1 : (real)factor;
}

void clip_gradient(const optimizer_spec *spec, size_t count, const real *g, real *clipped) {
    const real factor = spec->clip_norm > 0 ? norm_factor(spec->clip_norm, gradient_norm(count, g)) : 1;
    const real most = spec->clip_value > 0 ? (real)spec->clip_value : (real)INFINITY;
    for (size_t i = 0; i < count; i++) {
        const real value = factor * g[i];
        clipped[i] = value > most ? most : value < -most ? -most : value;
    }
}
