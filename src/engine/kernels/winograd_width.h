/* The transforms of WIDTH channels of a tile. No guard: included once per width, by winograd.c, which has the
 * formulas; the functions that it calls are the last four, TRANSFORM(name, width). */
#ifndef WIDTH
#error "WIDTH: how many channels a vector holds"
#endif

#define vector TRANSFORM(vector, WIDTH)
#define unaligned_vector TRANSFORM(unaligned_vector, WIDTH)
#define load TRANSFORM(load, WIDTH)
#define store TRANSFORM(store, WIDTH)
#define every_second TRANSFORM(every_second, WIDTH)
#define input TRANSFORM(input, WIDTH)
#define input_transposed TRANSFORM(input_transposed, WIDTH)
#define evaluate TRANSFORM(evaluate, WIDTH)
#define evaluate_transposed TRANSFORM(evaluate_transposed, WIDTH)
#define input_tile TRANSFORM(input_tile, WIDTH)
#define input_tile_transposed TRANSFORM(input_tile_transposed, WIDTH)
#define evaluate_tile TRANSFORM(evaluate_tile, WIDTH)
#define evaluate_tile_transposed TRANSFORM(evaluate_tile_transposed, WIDTH)
#define input_channels TRANSFORM(input_channels, WIDTH)
#define input_channels_transposed TRANSFORM(input_channels_transposed, WIDTH)
#define evaluate_channels TRANSFORM(evaluate_channels, WIDTH)
#define evaluate_channels_transposed TRANSFORM(evaluate_channels_transposed, WIDTH)

typedef real vector __attribute__((vector_size(WIDTH * sizeof(real))));
typedef real unaligned_vector
    __attribute__((vector_size(WIDTH * sizeof(real)), aligned(sizeof(real)), may_alias));

INLINE vector load(const real *from) {
    return *(const unaligned_vector *)from;
}

INLINE void store(real *to, vector v) {
    *(unaligned_vector *)to = v;
}

/* ---- In one dimension; pairs and size are constants at every call ----------------------------- */

/* Σ_{i < count} factors[i] · x[2i] */
INLINE vector every_second(const int count, const real *factors, const vector *x) {
    vector sum = factors[0] * x[0];
    for (int i = 1; i < count; i++)
        sum += factors[i] * x[2 * i];
    return sum;
}

/* v (n) = Bᵀ x (n) */
INLINE void input(const int pairs, const vector *x, vector *v) {
    v[0] = every_second(pairs + 1, all_pairs[pairs], x);
    for (int j = 0; j < pairs; j++) {
        const vector even = every_second(pairs, other_pairs[pairs][j], x + 2);
        const vector odd = every_second(pairs, other_pairs[pairs][j], x + 1);
        v[2 * j + 1] = even + point[j] * odd;
        v[2 * j + 2] = even - point[j] * odd;
    }
    v[2 * pairs + 1] = every_second(pairs + 1, all_pairs[pairs], x + 1);
}

/* x (n) = B v (n) */
INLINE void input_transposed(const int pairs, const vector *v, vector *x) {
    for (int i = 0; i <= pairs; i++) {
        x[2 * i] = all_pairs[pairs][i] * v[0];
        x[2 * i + 1] = all_pairs[pairs][i] * v[2 * pairs + 1];
    }
    for (int j = 0; j < pairs; j++) {
        const vector even = v[2 * j + 1] + v[2 * j + 2], odd = point[j] * (v[2 * j + 1] - v[2 * j + 2]);
        for (int i = 0; i < pairs; i++) {
            x[2 * i + 2] += other_pairs[pairs][j][i] * even;
            x[2 * i + 1] += other_pairs[pairs][j][i] * odd;
        }
    }
}

/* m (n) = V y (size) */
INLINE void evaluate(const int pairs, const int size, const vector *y, vector *m) {
    m[0] = y[0];
    for (int j = 0; j < pairs; j++) {
        vector part[2] = {y[0], point[j] * y[1]}; /* even, odd */
        real power = point[j];
        for (int i = 2; i < size; i++) {
            power *= point[j];
            part[i % 2] += power * y[i];
        }
        m[2 * j + 1] = part[0] + part[1];
        m[2 * j + 2] = part[0] - part[1];
    }
    m[2 * pairs + 1] = y[size - 1];
}

/* y (size) = Vᵀ m (n) */
INLINE void evaluate_transposed(const int pairs, const int size, const vector *m, vector *y) {
    y[0] = m[0];
    for (int i = 1; i < size; i++)
        y[i] = i == size - 1 ? m[2 * pairs + 1] : (vector){0};
    for (int j = 0; j < pairs; j++) {
        const vector part[2] = {m[2 * j + 1] + m[2 * j + 2], m[2 * j + 1] - m[2 * j + 2]};
        real power = 1;
        for (int i = 0; i < size; i++) {
            y[i] += power * part[i % 2];
            power *= point[j];
        }
    }
}

/* ---- In two dimensions, columns first, for WIDTH channels -------------------------------------- */

/* v = Bᵀ x B */
INLINE void input_tile(const winograd_tile *t, const int pairs, const real *x, real *v) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++)
            in[i] = load(x + i * t->row + j * t->pixel);
        input(pairs, in, out);
        for (int a = 0; a < n; a++)
            rows[a][j] = out[a];
    }
    for (int a = 0; a < n; a++) {
        input(pairs, rows[a], out);
        for (int b = 0; b < n; b++)
            store(v + (a * n + b) * t->plane, out[b]);
    }
}

/* x += B v Bᵀ */
INLINE void input_tile_transposed(const winograd_tile *t, const int pairs, const real *v, real *x) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int b = 0; b < n; b++) {
        for (int a = 0; a < n; a++)
            in[a] = load(v + (a * n + b) * t->plane);
        input_transposed(pairs, in, out);
        for (int i = 0; i < n; i++)
            rows[i][b] = out[i];
    }
    for (int i = 0; i < n; i++) {
        input_transposed(pairs, rows[i], out);
        for (int j = 0; j < n; j++) {
            real *pixel = x + i * t->row + j * t->pixel;
            store(pixel, load(pixel) + out[j]);
        }
    }
}

/* m = V y Vᵀ */
INLINE void evaluate_tile(const winograd_tile *t, const int pairs, const int size, const real *y, real *m) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int j = 0; j < size; j++) {
        for (int i = 0; i < size; i++)
            in[i] = i < t->rows && j < t->columns ? load(y + i * t->row + j * t->pixel) : (vector){0};
        evaluate(pairs, size, in, out);
        for (int a = 0; a < n; a++)
            rows[a][j] = out[a];
    }
    for (int a = 0; a < n; a++) {
        evaluate(pairs, size, rows[a], out);
        for (int b = 0; b < n; b++)
            store(m + (a * n + b) * t->plane, out[b]);
    }
}

/* y = Vᵀ m V + bias */
INLINE void evaluate_tile_transposed(const winograd_tile *t, const int pairs, const int size, const real *m,
                                     vector bias, real *y) {
    const int n = 2 * pairs + 2;
    vector rows[MOST_POINTS][MOST_POINTS], in[MOST_POINTS], out[MOST_POINTS];
    for (int b = 0; b < n; b++) {
        for (int a = 0; a < n; a++)
            in[a] = load(m + (a * n + b) * t->plane);
        evaluate_transposed(pairs, size, in, out);
        for (int i = 0; i < size; i++)
            rows[i][b] = out[i];
    }
    for (int i = 0; i < size && i < t->rows; i++) {
        evaluate_transposed(pairs, size, rows[i], out);
        for (int j = 0; j < size && j < t->columns; j++)
            store(y + i * t->row + j * t->pixel, out[j] + bias);
    }
}

/* ---- From the first of the channels ------------------------------------------------------------ */

static void input_channels(const winograd_tile *t, const real *x, real *v) {
    if (t->points == 6)
        input_tile(t, 2, x, v);
    else
        input_tile(t, 3, x, v);
}

static void input_channels_transposed(const winograd_tile *t, const real *v, real *x) {
    if (t->points == 6)
        input_tile_transposed(t, 2, v, x);
    else
        input_tile_transposed(t, 3, v, x);
}

static void evaluate_channels(const winograd_tile *t, const real *y, real *m) {
    if (t->points == 6 && t->size == 4)
        evaluate_tile(t, 2, 4, y, m);
    else if (t->points == 6)
        evaluate_tile(t, 2, 3, y, m);
    else if (t->size == 4)
        evaluate_tile(t, 3, 4, y, m);
    else
        evaluate_tile(t, 3, 5, y, m);
}

/* bias may be NULL. */
static void evaluate_channels_transposed(const winograd_tile *t, const real *m, const real *bias, real *y) {
    const vector start = bias != NULL ? load(bias) : (vector){0};
    if (t->points == 6 && t->size == 4)
        evaluate_tile_transposed(t, 2, 4, m, start, y);
    else if (t->points == 6)
        evaluate_tile_transposed(t, 2, 3, m, start, y);
    else if (t->size == 4)
        evaluate_tile_transposed(t, 3, 4, m, start, y);
    else
        evaluate_tile_transposed(t, 3, 5, m, start, y);
}

#undef vector
#undef unaligned_vector
#undef load
#undef store
#undef every_second
#undef input
#undef input_transposed
#undef evaluate
#undef evaluate_transposed
#undef input_tile
#undef input_tile_transposed
#undef evaluate_tile
#undef evaluate_tile_transposed
#undef input_channels
#undef input_channels_transposed
#undef evaluate_channels
#undef evaluate_channels_transposed
