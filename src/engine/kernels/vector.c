/* The product kernel in GNU vector types, for any vector width. Compiled once per instruction set with
 * VECTOR_BYTES (width of a register) and TILE_SUMS (vectors of c held in registers at once, next to what is
 * multiplied). */
#include "engine/kernels/lanes.h"
#include "engine/kernels/set.h"

#include <assert.h>

/* VECTORS: of a panel. Where a panel is one vector, tiles are up to two panels wide: every number of `a` that
 * is loaded is then multiplied twice, or the loads would take longer than the multiplications. */
enum { VECTORS = PANEL / LANES, MOST_VECTORS = VECTORS > 2 ? VECTORS : 2, MOST_ROWS = 12 };

/* Of vector v of a tile, in b or c. */
INLINE ptrdiff_t vector_place(int v, ptrdiff_t panel) {
    return v / VECTORS * panel + v % VECTORS * LANES;
}

/* `rows` rows and `vectors` vectors of columns of the product, kept in rows × vectors registers. Both are
 * constants at every call, so that the loops unroll and `sum` lives in registers. Rows are addressed in
 * threes (base, base + stride, base + 2 stride: the addressing modes of x86), so that a tile needs few
 * address registers. */
INLINE void tile(const product *p, int first, const int rows, const int vectors) {
    vector sum[MOST_ROWS][MOST_VECTORS];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = (vector){0};

    const ptrdiff_t row = p->a_row, a_step = p->a_step, b_step = p->b_step, b_panel = p->b_panel;
    for (int s = 0; s < p->segments; s++) {
        const float *b = p->b + s * p->b_segment;
        const float *a[(MOST_ROWS + 2) / 3];
        for (int i = 0; i < (rows + 2) / 3; i++)
            a[i] = p->a + s * p->a_segment + (first + 3 * i) * row;
        for (int t = 0; t < p->length; t++) {
            vector bv[MOST_VECTORS];
            for (int v = 0; v < vectors; v++)
                bv[v] = load(b + vector_place(v, b_panel));
            for (int r = 0; r < rows; r++) {
                float value = a[r / 3][(r % 3) * row];
                for (int v = 0; v < vectors; v++)
                    sum[r][v] += value * bv[v];
            }
            b += b_step;
            for (int i = 0; i < (rows + 2) / 3; i++)
                a[i] += a_step;
        }
    }

    float *c = p->c + first * p->c_row;
    const ptrdiff_t c_row = p->c_row,
                    c_panel = p->c_panel; /* not from p between stores, which it might alias */
    const bool accumulate = p->accumulate;
    const float *bias = accumulate ? NULL : p->bias; /* added last: small terms keep their digits */
    for (int r = 0; r < rows; r++, c += c_row)
        for (int v = 0; v < vectors; v++) {
            float *to = c + vector_place(v, c_panel);
            const float *more = accumulate ? to : bias != NULL ? bias + v * LANES : NULL;
            store(to, more != NULL ? load(more) + sum[r][v] : sum[r][v]);
        }
}

/* Rows that fill the registers next to this many vectors of columns. */
#define ROWS_BESIDE(vectors) (TILE_SUMS / (vectors) < MOST_ROWS ? TILE_SUMS / (vectors) : MOST_ROWS)

/* A tile of n rows, where that many fit. */
#define TILE(n, vectors)                                                                                     \
    case n:                                                                                                  \
        if (n <= ROWS_BESIDE(vectors))                                                                       \
            tile(p, first, n, vectors);                                                                      \
        break;

/* whole_vectors_N: all rows of N whole vectors, in tiles as equal as can be: a short last tile would leave
 * the multipliers idle. */
#define WHOLE_VECTORS(vectors)                                                                               \
    static void whole_vectors_##vectors(const product *p) {                                                  \
        int tiles = (p->rows + ROWS_BESIDE(vectors) - 1) / ROWS_BESIDE(vectors);                             \
        for (int i = 0, first = 0; i < tiles; i++) {                                                         \
            int rows = (p->rows - first) / (tiles - i);                                                      \
            switch (rows) {                                                                                  \
                TILE(1, vectors)                                                                             \
                TILE(2, vectors)                                                                             \
                TILE(3, vectors)                                                                             \
                TILE(4, vectors)                                                                             \
                TILE(5, vectors)                                                                             \
                TILE(6, vectors)                                                                             \
                TILE(7, vectors)                                                                             \
                TILE(8, vectors)                                                                             \
                TILE(9, vectors)                                                                             \
                TILE(10, vectors)                                                                            \
                TILE(11, vectors)                                                                            \
                TILE(12, vectors)                                                                            \
            }                                                                                                \
            first += rows;                                                                                   \
        }                                                                                                    \
    }

WHOLE_VECTORS(1)
WHOLE_VECTORS(2)
#if VECTOR_BYTES < 32
WHOLE_VECTORS(3)
WHOLE_VECTORS(4)
#endif

static void whole_columns(const product *p) {
    static void (*const functions[])(const product *) = {
        NULL,
        whole_vectors_1,
        whole_vectors_2,
#if VECTOR_BYTES < 32
        whole_vectors_3,
        whole_vectors_4,
#endif
    };
    functions[p->columns / LANES](p);
}

/* Columns that fill no whole vectors: the same sums into a buffer with wider rows, of which the valid columns
 * are kept. */
static void buffered_columns(const product *p, int columns) {
    float buffer[MOST_ROWS * PANEL];
    for (int first = 0; first < p->rows; first += MOST_ROWS) {
        product part = *p;
        part.rows = p->rows - first < MOST_ROWS ? p->rows - first : MOST_ROWS;
        part.columns = columns;
        part.a = p->a + first * p->a_row;
        part.c = buffer;
        part.c_row = PANEL;
        part.bias = p->accumulate ? NULL : p->bias;
        part.accumulate = false;
        whole_columns(&part);
        for (int r = 0; r < part.rows; r++) {
            float *c = p->c + (first + r) * p->c_row;
            const float *sums = buffer + r * PANEL;
            for (int j = 0; j < p->columns; j++)
                c[j] = p->accumulate ? c[j] + sums[j] : sums[j];
        }
    }
}

/* Where row follows on row, whole vectors may be stored as long as they end inside c: what is written beyond
 * a row is written again with the next ones, because rows are stored in order. */
static void some_columns(const product *p) {
    const int columns = (p->columns + LANES - 1) / LANES * LANES;
    product rest = *p;
    if (p->c_row == p->columns && !p->accumulate) {
        product whole = *p;
        whole.rows = p->rows - (columns + p->columns - 1) / p->columns + 1;
        whole.columns = columns;
        if (whole.rows > 0) {
            whole_columns(&whole);
            rest.rows -= whole.rows;
            rest.a += whole.rows * p->a_row;
            rest.c += whole.rows * p->c_row;
        }
    }
    buffered_columns(&rest, columns);
}

/* Columns that are done at a time: of one panel, or of two that are one vector each. */
static int next_columns(int left) {
    const int most = VECTORS == 1 && left >= 2 * PANEL ? 2 * PANEL : PANEL;
    return left < most ? left : most;
}

static void columns_at_once(const product *p) {
    if (p->columns % LANES == 0)
        whole_columns(p);
    else
        some_columns(p);
}

static void vector_product(const product *p) {
    assert(product_is_valid(p));
    if (next_columns(p->columns) == p->columns) { /* not copied: small products would wait for it */
        columns_at_once(p);
        return;
    }
    product part = *p;
    for (int first = 0; first < p->columns; first += part.columns) {
        part.columns = next_columns(p->columns - first);
        part.b = p->b + first / PANEL * p->b_panel;
        part.c = p->c + first / PANEL * p->c_panel;
        part.bias = p->bias != NULL ? p->bias + first : NULL;
        columns_at_once(&part);
    }
}

/* Independent chains, more of them than a multiply-add takes cycles on two units. */
static double burn(long rounds, volatile float *kept) {
    vector sums[MOST_ROWS], factor = {0}, term = {0};
    factor += 0.999f;
    term += 1e-3f;
    for (int i = 0; i < MOST_ROWS; i++)
        sums[i] = term * (float)i;
    for (long round = 0; round < rounds; round++)
        for (int i = 0; i < MOST_ROWS; i++)
            sums[i] = sums[i] * factor + term;
    for (int i = 0; i < MOST_ROWS; i++)
        *kept += sums[i][0];
    return 2.0 * MOST_ROWS * LANES * (double)rounds;
}

void KERNEL(fill_kernels)(kernel_set *set, const char *name) {
    *set = KERNEL(plain_kernels);
    set->name = name;
    KERNEL(fill_column_sums)(set);
    KERNEL(fill_elementary)(set);
    KERNEL(fill_pooling)(set);
    set->lanes = LANES;
    set->product = vector_product;
    set->burn = burn;
}
