#include "io/job/draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/sobol.h"
#include "io/job/axis_values.h"

enum { KEY_SIZE = 256 };

static status out_of_memory(size_t count, error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory for %zu draws", count);
}

/* ---- Numbers from 0 to 1 ----------------------------------------------------------------------- */

/* Where the numbers of one key come from. */
typedef struct draw_source {
    uint64_t seed, stream; /* the job's; names the streams of this axis and key */
    draw_sequence sequence;
    int dimension;  /* of Sobol's sequence */
    uint32_t shift; /* of all its points in that dimension: a digital shift keeps how evenly they lie */
    uint32_t point; /* the next one */
    random_stream random;
} draw_source;

static draw_source open_source(const job_axis *axis, int k, const char *name, uint64_t seed) {
    char text[GRID_NAME_SIZE + KEY_SIZE];
    const int length = snprintf(text, sizeof text, "%s=%s", name, axis->keys[k].text);
    draw_source s = {.seed = seed,
                     .stream = hash_bytes(text, (size_t)length),
                     .sequence = (draw_sequence)axis->sequence,
                     .dimension = k};
    s.random = random_stream_open(seed, s.stream, RANDOM_DRAW, 0);
    s.shift = random_u32(&s.random);
    return s;
}

/* The numbers of each draw come from a stream of its own, however many the draws before it took. */
static void begin_draw(draw_source *s, size_t draw) {
    s->random = random_stream_open(s->seed, s->stream, RANDOM_DRAW, draw);
}

/* In [0, 1). Sobol's points are in the middle of their intervals of 2^-32. */
static double next_share(draw_source *s) {
    if (s->sequence == DRAW_RANDOM)
        return random_uniform(&s->random);
    return (0.5 + (double)(sobol_point(s->dimension, s->point++) ^ s->shift)) * 0x1p-32;
}

/* ---- Values of a range ------------------------------------------------------------------------- */

static const tree_node *item_at(const tree_node *list, size_t index) {
    const tree_node *item = list->first;
    while (index-- > 0)
        item = item->next;
    return item;
}

typedef struct draw_range {
    draw_kind kind;
    double low, high; /* both included; of choices their numbers */
} draw_range;

static draw_range range_of(const drawn_key *key) {
    draw_range r = {.kind = key->kind, .high = (double)key->range->count - 1};
    if (key->kind != DRAW_CHOICE) {
        tree_number(key->range->first, &r.low);
        tree_number(key->range->first->next, &r.high);
    }
    return r;
}

static bool is_continuous(draw_range r) {
    return r.kind == DRAW_UNIFORM || r.kind == DRAW_LOG_UNIFORM;
}

/* Rounding may not lead beyond the ends. */
static double value_at(draw_range r, double share) {
    const double value = is_continuous(r)
                             ? axis_values_between(r.low, r.high, share, r.kind == DRAW_LOG_UNIFORM)
                             : r.low + floor(share * (r.high - r.low + 1));
    return fmin(fmax(value, r.low), r.high) + 0.0; /* −0 becomes 0 */
}

/* ---- Different values -------------------------------------------------------------------------- */

/* A set of numbers, by open addressing. */
typedef struct number_set {
    size_t mask; /* room - 1: a power of two, twice as many as numbers will come */
    double *numbers;
    bool *used;
} number_set;

static void release_set(number_set *set) {
    free(set->numbers);
    free(set->used);
}

static bool make_set(number_set *set, size_t count) {
    size_t room = 2;
    while (room < 2 * count)
        room *= 2;
    *set = (number_set){.mask = room - 1,
                        .numbers = malloc(room * sizeof *set->numbers),
                        .used = calloc(room, sizeof *set->used)};
    return set->numbers != NULL && set->used != NULL;
}

/* False when it is there already. */
static bool add_to_set(number_set *set, double number) {
    size_t at = hash_bytes(&number, sizeof number) & set->mask;
    for (; set->used[at]; at = (at + 1) & set->mask)
        if (set->numbers[at] == number)
            return false;
    set->used[at] = true;
    set->numbers[at] = number;
    return true;
}

static status refuse_count(const job_axis *axis, int k, const char *name, size_t values, error_info *error) {
    const drawn_key *key = &axis->draws->keys[k];
    return tree_error(error, key->range->place,
                      "sweep.%s: %d different values of %s are to be drawn, but the range has only %zu; "
                      "accepted: a smaller count, or a larger range (the axis run repeats cells)",
                      name, axis->count, axis->keys[k].text, values);
}

/* The ends of a very narrow range have few numbers of 12 digits between them. */
static bool draw_another(draw_source *s, draw_range r, number_set *set, double *value) {
    enum { MOST_TRIES = 1000 };
    for (int tries = 0; tries < MOST_TRIES || !is_continuous(r); tries++) {
        *value = value_at(r, next_share(s));
        if (add_to_set(set, *value))
            return true;
    }
    return false;
}

/* ---- Drawing ----------------------------------------------------------------------------------- */

/* values: (count) */
static status draw_distinct(const job_axis *axis, int k, const char *name, draw_source *s, double *values,
                            error_info *error) {
    const draw_range r = range_of(&axis->draws->keys[k]);
    const size_t count = (size_t)axis->count;
    number_set set = {0};
    status result = STATUS_OK;
    if (!is_continuous(r) && r.high - r.low + 1 < (double)count)
        return refuse_count(axis, k, name, (size_t)(r.high - r.low + 1), error);
    if (!make_set(&set, count))
        result = out_of_memory(count, error);
    for (size_t draw = 0; result == STATUS_OK && draw < count; draw++) {
        begin_draw(s, draw);
        if (!draw_another(s, r, &set, &values[draw]))
            result = refuse_count(axis, k, name, draw, error);
    }
    release_set(&set);
    return result;
}

static void draw_any(const job_axis *axis, int k, draw_source *s, double *values) {
    const draw_range r = range_of(&axis->draws->keys[k]);
    for (size_t draw = 0; draw < (size_t)axis->count; draw++) {
        begin_draw(s, draw);
        values[draw] = value_at(r, next_share(s));
    }
}

static const size_t pointer_bytes = sizeof(void *); /* clang-tidy suspects sizeof of a pointer */

/* The numbers of choices become the choices. */
static status take_choices(drawn_key *key, size_t count, error_info *error) {
    key->words = key->number == NULL ? calloc(count, pointer_bytes) : NULL;
    if (key->number == NULL && key->words == NULL)
        return out_of_memory(count, error);
    for (size_t draw = 0; draw < count; draw++) {
        const tree_node *choice = item_at(key->range, (size_t)key->numbers[draw]);
        if (key->words != NULL)
            key->words[draw] = choice;
        else
            tree_number(choice, &key->numbers[draw]);
    }
    return STATUS_OK;
}

status draws_take(const job_axis *axis, int k, const char *name, uint64_t seed, bool distinct,
                  error_info *error) {
    drawn_key *key = &axis->draws->keys[k];
    const size_t count = (size_t)axis->count;
    draw_source source = open_source(axis, k, name, seed);
    key->numbers = malloc(count * sizeof *key->numbers);
    if (key->numbers == NULL)
        return out_of_memory(count, error);
    if (distinct)
        RETURN_IF_FAILED(draw_distinct(axis, k, name, &source, key->numbers, error));
    else
        draw_any(axis, k, &source, key->numbers);
    return key->kind == DRAW_CHOICE ? take_choices(key, count, error) : STATUS_OK;
}

/* ---- Combinations of words --------------------------------------------------------------------- */

static bool same_words(const job_axis *axis, size_t a, size_t b) {
    for (int k = 0; k < axis->key_count; k++) {
        const drawn_key *key = &axis->draws->keys[k];
        if (key->words != NULL && key->words[a] != key->words[b])
            return false;
    }
    return true;
}

status draws_combine(job_axis *axis, error_info *error) {
    job_draws *d = axis->draws;
    const size_t count = (size_t)axis->count;
    d->combination_of = calloc(count, sizeof *d->combination_of);
    d->first_with = calloc(count, sizeof *d->first_with);
    if (d->combination_of == NULL || d->first_with == NULL)
        return out_of_memory(count, error);
    for (size_t draw = 0; draw < count; draw++) {
        size_t c = 0;
        while (c < d->combinations && !same_words(axis, d->first_with[c], draw))
            c++;
        if (c == d->combinations)
            d->first_with[d->combinations++] = draw;
        d->combination_of[draw] = c;
        if (d->combinations > AXIS_MAX_LABELS)
            break; /* more than a job may have: it is refused */
    }
    return STATUS_OK;
}

void job_draws_destroy(job_draws **draws, int key_count) {
    if (*draws == NULL)
        return;
    for (int k = 0; k < key_count; k++) {
        free((*draws)->keys[k].numbers);
        free((*draws)->keys[k].words);
    }
    free((*draws)->combination_of);
    free((*draws)->first_with);
    free(*draws);
    *draws = NULL;
}
