/* What the kernels of single layers are timed on: activations. */
#include "engine/kernel_work.h"

enum { VALUES = 20 << 10 };

/* `arrays` of values that are read or written. */
static work_done moved_values(int arrays) {
    return (work_done){.values = VALUES, .bytes = (double)arrays * VALUES * sizeof(real)};
}

#define ACTIVATION(name)                                                                                     \
    work_done work_##name(const work_arrays *w, int channels) {                                              \
        (void)channels;                                                                                      \
        w->kernels->name(VALUES, w->a, w->c);                                                                \
        return moved_values(2);                                                                              \
    }                                                                                                        \
    work_done work_##name##_backward(const work_arrays *w, int channels) {                                   \
        (void)channels;                                                                                      \
        w->kernels->name##_backward(VALUES, w->a, w->b, w->c);                                               \
        return moved_values(3);                                                                              \
    }
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
ACTIVATION(silu)

static const softplus_shape usual_softplus = {.beta = 1, .threshold = 20};

work_done work_softplus(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->softplus(VALUES, usual_softplus, w->a, w->c);
    return moved_values(2);
}

work_done work_softplus_backward(const work_arrays *w, int channels) {
    (void)channels;
    w->kernels->softplus_backward(VALUES, usual_softplus, w->a, w->b, w->c);
    return moved_values(3);
}
