#include "engine/full_batch.h"

#include <math.h>
#include <nlopt.h>
#include <string.h>

#include "engine/penalties.h"
#include "engine/real.h"
#include "engine/record/recorder.h"

typedef struct search {
    trainer *trainer;
    nlopt_opt method;
    double unit;
    double best_cost; /* at the optimiser's best point */
} search;

/* NLopt's variables are x = w / unit, its objective is cost / unit, so that the gradient with respect to x is
 * that with respect to w. Truncated Newton multiplies by the Hessian through the difference of two gradients
 * at points √10⁻¹⁵ apart (in Luksan's PNET, whatever the length of x), which would be lost in the rounding of
 * the weights. In this unit they are √ε (1 + ‖w‖) apart, as forward differences should, with ‖w‖ of the
 * start. */
static double difference_unit(const model *m) {
    double squares = 0;
    for (size_t i = 0; i < m->parameter_reals; i++)
        squares += (double)m->parameters[i] * (double)m->parameters[i];
    return sqrt((double)real_epsilon) * (1 + sqrt(squares)) / sqrt(1e-15);
}

/* Cost at the model's parameters, as one step and epoch of the training. `gradient` (parameter_reals) may be
 * NULL; it is copied before the records, which may need the model's gradients. */
static double evaluate(search *s, double *gradient) {
    trainer *t = s->trainer;
    trainer_load_batch(t, 0, t->data->train.count);
    const loss_sums sums = trainer_differentiate(t, t->data->train.count);
    t->progress.last_epoch = sums;
    for (size_t i = 0; gradient != NULL && i < t->model.parameter_reals; i++)
        gradient[i] = (double)t->model.gradients[i];
    recorder_note(t, &(moment){RECORD_PER_STEP, (long)t->progress.steps, sums});
    recorder_note(t, &(moment){RECORD_PER_EPOCH, (long)t->progress.steps, sums});
    return loss_value(&t->spec->loss, sums) + penalty_value(&t->model, &t->spec->loss);
}

/* NLopt's view: all parameters (n) as they are stored, padding included, whose gradient is 0. One evaluation
 * is left for the result. */
static double objective(unsigned n, const double *x, double *gradient, void *context) {
    search *s = context;
    trainer *t = s->trainer;
    if (t->progress.steps + 1 >= (uint64_t)t->spec->epochs || !trainer_may_step(t)) {
        nlopt_force_stop(s->method);
        return HUGE_VAL;
    }
    for (unsigned i = 0; i < n; i++)
        t->model.parameters[i] = (real)(s->unit * x[i]);
    const double cost = evaluate(s, gradient);
    if (cost < s->best_cost) {
        s->best_cost = cost;
        memcpy(t->optimizer.best, t->model.parameters, n * sizeof(real));
    }
    return cost / s->unit;
}

/* How the search ended does not matter if it could begin: the best point is kept. */
static status run_search(search *s, error_info *error) {
    const model *m = &s->trainer->model;
    double cost, *point = s->trainer->optimizer.point;
    for (size_t i = 0; i < m->parameter_reals; i++)
        point[i] = (double)m->parameters[i] / s->unit;
    nlopt_result result = nlopt_set_min_objective(s->method, objective, s);
    if (result > 0)
        result = nlopt_optimize(s->method, point, &cost);
    if (result == NLOPT_OUT_OF_MEMORY || result == NLOPT_INVALID_ARGS)
        return error_set(error, STATUS_INTERNAL, "NLopt with %zu parameters: %s", m->parameter_reals,
                         nlopt_result_to_string(result));
    return STATUS_OK;
}

status full_batch_train(trainer *t, error_info *error) {
    const size_t reals = t->model.parameter_reals;
    const nlopt_algorithm algorithm =
        t->spec->optimizer.kind == OPTIMIZER_LBFGS ? NLOPT_LD_LBFGS : NLOPT_LD_TNEWTON_PRECOND;
    search s = {.trainer = t,
                .method = nlopt_create(algorithm, (unsigned)reals),
                .unit = difference_unit(&t->model),
                .best_cost = HUGE_VAL};
    if (s.method == NULL)
        return error_set(error, STATUS_INTERNAL, "NLopt with %zu parameters: out of memory", reals);
    trainer_draw_order(t);
    memcpy(t->optimizer.best, t->model.parameters, reals * sizeof(real));
    const status code = run_search(&s, error);
    nlopt_destroy(s.method);
    if (code == STATUS_OK && !t->stopped && t->progress.outcome == TRAINING_DONE) {
        memcpy(t->model.parameters, t->optimizer.best, reals * sizeof(real));
        evaluate(&s, NULL);
        t->progress.stage = t->stopped ? STAGE_STEP : STAGE_NOTE_END;
    }
    return code;
}
