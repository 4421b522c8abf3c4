/* Times one convolution as oneDNN computes it, in the layouts of oneDNN's choice and with no conversion
 * between them, by the direct and by Winograd's algorithm: what a framework that is built on it cannot beat.
 * bench/against_onednn compiles and runs this; for oneDNN 2 and 3.
 *
 *   onednn_convolution BATCH CHANNELS SIDE FILTERS KERNEL PADDING INPUT_GRADIENT
 *
 * Images and kernels are square, INPUT_GRADIENT is 0 or 1. Prints one JSON object. */
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dnnl.hpp>
#include <limits>
#include <string>
#include <unordered_map>

namespace {

using arguments_map = std::unordered_map<int, dnnl::memory>;
const dnnl::engine core(dnnl::engine::kind::cpu, 0);

struct convolution {
    dnnl::memory::desc x, w, b, y;
    dnnl::memory::dims stride, padding;
    bool input_gradient;
};

/* A tensor in whatever layout the primitive likes best. */
dnnl::memory::desc tensor(const dnnl::memory::dims &shape) {
    return {shape, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}

/* Values around 0, none of them denormal. */
dnnl::memory allocate(const dnnl::memory::desc &layout) {
    dnnl::memory memory(layout, core);
    auto *values = static_cast<float *>(memory.get_data_handle());
    const size_t count = layout.get_size() / sizeof *values;
    for (size_t i = 0; i < count; i++)
        values[i] = (static_cast<float>(i % 97) - 48.5F) / 64;
    return memory;
}

/* Milliseconds of one execution: the fastest of 12 blocks of 4, as the blocks of `mpisweep bench --steps 20`.
 */
double time_primitive(const dnnl::primitive &primitive, const arguments_map &arguments) {
    using clock = std::chrono::steady_clock;
    constexpr int blocks = 12, executions = 4;
    dnnl::stream stream(core);
    double fastest = std::numeric_limits<double>::infinity();
    for (int block = -1; block < blocks; block++) { /* the one before the first warms up */
        const auto start = clock::now();
        for (int i = 0; i < executions; i++)
            primitive.execute(stream, arguments);
        stream.wait();
        const std::chrono::duration<double, std::milli> taken = clock::now() - start;
        if (block >= 0)
            fastest = std::min(fastest, taken.count() / executions);
    }
    return fastest;
}

/* ---- Descriptions, which the two versions of the library build in different ways --------------- */

using forward_description = dnnl::convolution_forward::primitive_desc;

#if DNNL_VERSION_MAJOR >= 3
#define DESCRIBE(kind, ...) kind::primitive_desc(core, __VA_ARGS__)
#define DESCRIBE_AFTER(kind, forward, ...) kind::primitive_desc(core, __VA_ARGS__, forward)
#else
#define DESCRIBE(kind, ...) kind::primitive_desc(kind::desc(__VA_ARGS__), core)
#define DESCRIBE_AFTER(kind, forward, ...) kind::primitive_desc(kind::desc(__VA_ARGS__), core, forward)
#endif

forward_description describe_forward(const convolution &c, dnnl::algorithm algorithm) {
    return DESCRIBE(dnnl::convolution_forward, dnnl::prop_kind::forward_training, algorithm, c.x, c.w, c.b,
                    c.y, c.stride, c.padding, c.padding);
}

/* ---- Passes ------------------------------------------------------------------------------------ */

double time_forward(const forward_description &d) {
    return time_primitive(dnnl::convolution_forward(d), {{DNNL_ARG_SRC, allocate(d.src_desc())},
                                                         {DNNL_ARG_WEIGHTS, allocate(d.weights_desc())},
                                                         {DNNL_ARG_BIAS, allocate(d.bias_desc())},
                                                         {DNNL_ARG_DST, allocate(d.dst_desc())}});
}

double time_weights(const convolution &c, dnnl::algorithm algorithm, const forward_description &forward) {
    const auto d = DESCRIBE_AFTER(dnnl::convolution_backward_weights, forward, algorithm, c.x, c.w, c.b, c.y,
                                  c.stride, c.padding, c.padding);
    return time_primitive(dnnl::convolution_backward_weights(d),
                          {{DNNL_ARG_SRC, allocate(d.src_desc())},
                           {DNNL_ARG_DIFF_DST, allocate(d.diff_dst_desc())},
                           {DNNL_ARG_DIFF_WEIGHTS, allocate(d.diff_weights_desc())},
                           {DNNL_ARG_DIFF_BIAS, allocate(d.diff_bias_desc())}});
}

double time_inputs(const convolution &c, dnnl::algorithm algorithm, const forward_description &forward) {
    const auto d = DESCRIBE_AFTER(dnnl::convolution_backward_data, forward, algorithm, c.x, c.w, c.y,
                                  c.stride, c.padding, c.padding);
    return time_primitive(dnnl::convolution_backward_data(d),
                          {{DNNL_ARG_DIFF_SRC, allocate(d.diff_src_desc())},
                           {DNNL_ARG_WEIGHTS, allocate(d.weights_desc())},
                           {DNNL_ARG_DIFF_DST, allocate(d.diff_dst_desc())}});
}

/* A JSON object; "null" where the library does not have all passes by this algorithm. */
std::string time_algorithm(const convolution &c, dnnl::algorithm algorithm) {
    try {
        const forward_description forward = describe_forward(c, algorithm);
        const double passes[] = {time_forward(forward), time_weights(c, algorithm, forward),
                                 c.input_gradient ? time_inputs(c, algorithm, forward) : 0};
        char text[256];
        std::snprintf(text, sizeof text,
                      "{\"forward_ms\": %.6g, \"weights_ms\": %.6g, \"inputs_ms\": %.6g, \"name\": \"%s\"}",
                      passes[0], passes[1], passes[2], forward.impl_info_str());
        return text;
    } catch (const dnnl::error &error) {
        if (error.status != dnnl_unimplemented)
            throw;
        return "null";
    }
}

convolution describe(const long n[7]) {
    const long batch = n[0], channels = n[1], side = n[2], filters = n[3], kernel = n[4], padding = n[5];
    const long out = side + 2 * padding - kernel + 1;
    return {tensor({batch, channels, side, side}),
            tensor({filters, channels, kernel, kernel}),
            tensor({filters}),
            tensor({batch, filters, out, out}),
            {1, 1},
            {padding, padding},
            n[6] != 0};
}

} // namespace

int main(int argc, char **argv) {
    long numbers[7];
    if (argc != 8) {
        std::fprintf(stderr, "usage: %s BATCH CHANNELS SIDE FILTERS KERNEL PADDING INPUT_GRADIENT\n",
                     argv[0]);
        return 2;
    }
    for (int i = 0; i < 7; i++)
        numbers[i] = std::strtol(argv[i + 1], nullptr, 10);
    try {
        const convolution c = describe(numbers);
        const std::string direct = time_algorithm(c, dnnl::algorithm::convolution_direct);
        const std::string winograd = time_algorithm(c, dnnl::algorithm::convolution_winograd);
        const dnnl_version_t *version = dnnl_version();
        std::printf("{\"version\": \"%d.%d.%d\", \"direct\": %s, \"winograd\": %s}\n", version->major,
                    version->minor, version->patch, direct.c_str(), winograd.c_str());
    } catch (const dnnl::error &error) {
        std::fprintf(stderr, "%s: oneDNN: %s\n", argv[0], error.what());
        return 1;
    }
    return 0;
}
