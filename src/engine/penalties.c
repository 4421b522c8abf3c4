#include "engine/penalties.h"

static double coefficient(const layer *l, const loss_spec *loss) {
    return l->spec.own_l2 ? l->spec.l2 : loss->l2;
}

double penalty_value(const model *m, const loss_spec *loss) {
    double value = 0;
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        const real *w = m->parameters + l->parameter_offset;
        const double c = coefficient(l, loss);
        double sum = 0;
        for (size_t n = 0; c != 0 && n < l->weight_reals; n++)
            sum += (double)w[n] * (double)w[n];
        value += c * sum;
    }
    return value;
}

void penalty_add_gradient(const model *m, const loss_spec *loss) {
    for (int i = 0; i < m->layer_count; i++) {
        const layer *l = &m->layers[i];
        const real *w = m->parameters + l->parameter_offset;
        real *g = m->gradients + l->parameter_offset;
        const real slope = (real)(2 * coefficient(l, loss));
        for (size_t n = 0; slope != 0 && n < l->weight_reals; n++)
            g[n] += slope * w[n];
    }
}
