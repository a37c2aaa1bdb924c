/* A network with one hidden layer, trained in float32; record() of the test is told every number. */
#include <math.h>
#include <string.h>

typedef float real;
typedef struct {
    int size[3], samples, own_biases; /* one of each neuron, trained; otherwise of each layer, frozen */
    int is_tanh, is_adam;                 /* otherwise logistic, by gradient descent */
    real rate, weights[9], biases[4], x[5][2], target[5][2];
    const char *gradients[2]; /* the names of those of biases and weights */
} Network;
const Network WORKED_EXAMPLE = {{2, 2, 2}, 1, 0, 0, 0, .5f, {.15f, .2f, .25f, .3f, .4f, .45f, .5f, .55f},
    {.35f, .6f}, {{.05f, .1f}}, {{.01f, .99f}}, {"dE_total/db", "dE_total/dw"}};
const Network MINI_BATCHES = {{2, 3, 1}, 5, 1, 1, 1, .03f, {.4f, -.3f, .2f, .6f, -.5f, .1f, .3f, -.7f, .5f},
    {.1f, -.2f, .05f, .15f}, {{.5f, -1}, {-.25f, .75f}, {1, .5f}, {-.75f, -.5f}, {.25f, 1.25f}},
    {{.4f}, {-.6f}, {.2f}, {.7f}, {-.3f}}, {"dE_batch/db", "dE_batch/dw"}};

static const Network *n;
static struct { real value, gradient, m, v; } p[16];
static real net[3][3], out[3][3], delta[3][3]; /* of each layer; out[0] are the inputs */
static int sizes[3], weights;
static int w(int l, int j, int i) { return (l - 1) * sizes[0] * sizes[1] + j * sizes[l - 1] + i; }
static int b(int l, int j) { return weights + (n->own_biases ? (l - 1) * sizes[1] + j : l - 1); }

static real forward(int sample) {
    real error = 0;
    memcpy(out[0], n->x[sample], sizeof n->x[sample]);
    for (int l = 1; l <= 2; l++)
        for (int j = 0; j < sizes[l]; j++) {
            net[l][j] = p[b(l, j)].value;
            for (int i = 0; i < sizes[l - 1]; i++) net[l][j] += p[w(l, j, i)].value * out[l - 1][i];
            out[l][j] = n->is_tanh ? tanhf(net[l][j]) : 1 / (1 + expf(-net[l][j]));
        }
    for (int j = 0; j < sizes[2]; j++) error += powf(n->target[sample][j] - out[2][j], 2) / 2;
    return error;
}

static void backward(int sample, int N, int update) {
    for (int l = 2; l >= 1; l--)
        for (int j = 0, of = n->samples > 1 ? sample + 1 : 0; j < sizes[l]; j++) {
            real slope = n->is_tanh ? 1 - out[l][j] * out[l][j] : out[l][j] * (1 - out[l][j]);
            real dE_dout = l == 2 ? out[l][j] - n->target[sample][j] : 0;
            for (int k = 0; l == 1 && k < sizes[2]; k++) dE_dout += delta[2][k] * p[w(2, k, j)].value;
            delta[l][j] = dE_dout * slope;
            p[b(l, j)].gradient += delta[l][j] / N;
            for (int i = 0; i < sizes[l - 1]; i++) p[w(l, j, i)].gradient += delta[l][j] * out[l - 1][i] / N;
            record(l == 1 ? "net_h" : "net_o", j + 1, of, update, net[l][j]);
            record(l == 1 ? "out_h" : "out_o", j + 1, of, update, out[l][j]);
            record(l == 1 ? "delta_h" : "delta_o", j + 1, of, update, delta[l][j]);
        }
}

void train(const Network *network, const int *batch_sizes, const int *batches, int count, int updates) {
    n = network, memcpy(sizes, n->size, sizeof sizes), weights = sizes[1] * (sizes[0] + sizes[2]);
    int all = weights + (n->own_biases ? sizes[1] + sizes[2] : 2), trained = n->own_biases ? all : weights;
    for (int i = 0; i < all; i++) p[i].value = i < weights ? n->weights[i] : n->biases[i - weights];
    const int *batch = batches;
    for (int update = 0; update <= updates; update++) {
        int size = batch_sizes[update % count];
        real total = 0;
        for (int k = 0; k < n->samples; k++) total += forward(k) / n->samples;
        record("E_total", 0, 0, update, total);
        for (int i = 0; i < all; i++) p[i].gradient = 0;
        for (int k = 0; k < size; k++) forward(batch[k] - 1), backward(batch[k] - 1, size, update);
        batch = (update + 1) % count ? batch + size : batches;
        for (int i = 0; i < all; i++) {
            int is_weight = i < weights, number = 1 + (is_weight ? i : i - weights);
            record(is_weight ? "w" : "b", number, 0, update, p[i].value);
            record(n->gradients[is_weight], number, 0, update, p[i].gradient);
            record(is_weight ? "m_w" : "m_b", number, 0, update, p[i].m);
            record(is_weight ? "v_w" : "v_b", number, 0, update, p[i].v);
        }
        for (int i = 0; i < trained; i++) {
            p[i].m = .9f * p[i].m + .1f * p[i].gradient;
            p[i].v = .999f * p[i].v + .001f * p[i].gradient * p[i].gradient;
            real m = p[i].m / (1 - powf(.9f, update + 1)), v = p[i].v / (1 - powf(.999f, update + 1));
            p[i].value -= n->rate * (n->is_adam ? m / (sqrtf(v) + 1e-8f) : p[i].gradient);
        }
    }
}
