// A network with one hidden layer, trained; train() returns every number by its name in the golden file.
#include <cmath>
#include <map>
#include <string>
#include <vector>

using Numbers = std::vector<double>;
using Told = std::map<std::string, double>;
struct Network {
    std::vector<int> sizes;
    bool own_biases, is_tanh, is_adam;  // otherwise one of each layer, frozen; logistic; gradient descent
    double rate;
    Numbers weights, biases;
    std::vector<Numbers> inputs, targets;
};
const Network WORKED_EXAMPLE{{2, 2, 2}, false, false, false, 0.5,
    {0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55}, {0.35, 0.6}, {{0.05, 0.1}}, {{0.01, 0.99}}};
const Network MINI_BATCHES{{2, 3, 1}, true, true, true, 0.03,
    {0.4, -0.3, 0.2, 0.6, -0.5, 0.1, 0.3, -0.7, 0.5}, {0.1, -0.2, 0.05, 0.15},
    {{0.5, -1}, {-0.25, 0.75}, {1, 0.5}, {-0.75, -0.5}, {0.25, 1.25}}, {{0.4}, {-0.6}, {0.2}, {0.7}, {-0.3}}};

Told train(const Network& n, const std::vector<std::vector<int>>& batches, int updates) {
    Told told;
    Numbers p = n.weights, net[3], out[3], delta[3];  // of each layer; out[0] are the inputs
    p.insert(p.end(), n.biases.begin(), n.biases.end());
    Numbers gradient, m(p.size()), v(p.size());
    const int first = n.sizes[0] * n.sizes[1], weights = n.weights.size();
    auto w = [&](int l, int j, int i) { return (l == 2 ? first : 0) + j * n.sizes[l - 1] + i; };
    auto b = [&](int l, int j) { return weights + (n.own_biases ? (l == 2 ? n.sizes[1] : 0) + j : l - 1); };
    auto forward = [&](int sample) {
        double error = 0;
        out[0] = n.inputs[sample];
        for (int l : {1, 2}) {
            net[l] = out[l] = delta[l] = Numbers(n.sizes[l]);
            for (int j = 0; j < n.sizes[l]; j++) {
                net[l][j] = p[b(l, j)];
                for (int i = 0; i < n.sizes[l - 1]; i++) net[l][j] += p[w(l, j, i)] * out[l - 1][i];
                out[l][j] = n.is_tanh ? std::tanh(net[l][j]) : 1 / (1 + std::exp(-net[l][j]));
                if (l == 2) error += std::pow(n.targets[sample][j] - out[l][j], 2) / 2;
            }
        }
        return error;
    };
    for (int update = 0; update <= updates; update++) {
        const auto at = update ? "@" + std::to_string(update) : "";
        for (size_t k = 0; k < n.inputs.size(); k++) told["E_total" + at] += forward(k) / n.inputs.size();
        gradient.assign(p.size(), 0);
        const auto& batch = batches[update % batches.size()];
        for (int sample : batch) {
            forward(sample - 1);
            for (int l : {2, 1}) for (int j = 0; j < n.sizes[l]; j++) {
                double slope = n.is_tanh ? 1 - out[l][j] * out[l][j] : out[l][j] * (1 - out[l][j]);
                double dE_dout = l == 2 ? out[l][j] - n.targets[sample - 1][j] : 0;
                for (int k = 0; l == 1 && k < n.sizes[2]; k++) dE_dout += delta[2][k] * p[w(2, k, j)];
                delta[l][j] = dE_dout * slope;
                gradient[b(l, j)] += delta[l][j] / batch.size();
                for (int i = 0; i < n.sizes[l - 1]; i++)
                    gradient[w(l, j, i)] += delta[l][j] * out[l - 1][i] / batch.size();
                auto of = (l == 1 ? "h" : "o") + std::to_string(j + 1);
                if (n.inputs.size() > 1) of += "[" + std::to_string(sample) + "]";
                told["net_" + of + at] = net[l][j];
                told["out_" + of + at] = out[l][j];
                told["delta_" + of + at] = delta[l][j];
            }
        }
        for (int i = 0; i < (int)p.size(); i++) {
            auto name = i < weights ? "w" + std::to_string(i + 1) : "b" + std::to_string(i - weights + 1);
            told[name + at] = p[i];
            told[(n.inputs.size() > 1 ? "dE_batch/d" : "dE_total/d") + name + at] = gradient[i];
            told["m_" + name + at] = m[i];
            told["v_" + name + at] = v[i];
            if (i >= weights && !n.own_biases) continue;
            m[i] = 0.9 * m[i] + 0.1 * gradient[i];
            v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
            double mean = m[i] / (1 - pow(0.9, update + 1)), square = v[i] / (1 - pow(0.999, update + 1));
            p[i] -= n.rate * (n.is_adam ? mean / (std::sqrt(square) + 1e-8) : gradient[i]);
        }
    }
    return told;
}
