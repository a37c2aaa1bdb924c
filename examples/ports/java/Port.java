// A network with one hidden layer, trained; train() returns every number by its name in the golden file.
import static java.lang.Math.pow;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

// p: weights, then biases; ownBiases: one of each neuron, trained; otherwise one of each layer, frozen.
record Port(int[] sizes, int weights, boolean ownBiases, boolean isTanh, boolean isAdam, double rate,
        double[] p, double[][] inputs, double[][] targets, String error) {
    static final Port WORKED_EXAMPLE = new Port(new int[] {2, 2, 2}, 8, false, false, false, 0.5,
            new double[] {0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55, 0.35, 0.6},
            new double[][] {{0.05, 0.1}}, new double[][] {{0.01, 0.99}}, "E_total");
    static final Port MINI_BATCHES = new Port(new int[] {2, 3, 1}, 9, true, true, true, 0.03,
            new double[] {0.4, -0.3, 0.2, 0.6, -0.5, 0.1, 0.3, -0.7, 0.5, 0.1, -0.2, 0.05, 0.15},
            new double[][] {{0.5, -1}, {-0.25, 0.75}, {1, 0.5}, {-0.75, -0.5}, {0.25, 1.25}},
            new double[][] {{0.4}, {-0.6}, {0.2}, {0.7}, {-0.3}}, "E_batch");

    int w(int l, int j, int i) { return (l - 1) * sizes[0] * sizes[1] + j * sizes[l - 1] + i; }

    int b(int l, int j) { return weights + (ownBiases ? (l - 1) * sizes[1] + j : l - 1); }

    double forward(int sample, double[][] net, double[][] out) {
        double error = 0;
        out[0] = inputs[sample];
        for (int l = 1; l <= 2; l++) {
            for (int j = 0; j < sizes[l]; j++) {
                net[l][j] = p[b(l, j)];
                for (int i = 0; i < sizes[l - 1]; i++) net[l][j] += p[w(l, j, i)] * out[l - 1][i];
                out[l][j] = isTanh ? Math.tanh(net[l][j]) : 1 / (1 + Math.exp(-net[l][j]));
                if (l == 2) error += pow(targets[sample][j] - out[l][j], 2) / 2;
            }
        }
        return error;
    }

    Map<String, Double> train(List<List<Integer>> batches, int updates) {
        Map<String, Double> told = new TreeMap<>();
        double[][] net = new double[3][3], out = new double[3][3], delta = new double[3][3]; // by layer
        double[] m = new double[p.length], v = new double[p.length];
        for (int update = 0; update <= updates; update++) {
            String at = update > 0 ? "@" + update : "";
            double[] gradient = new double[p.length];
            double total = 0;
            for (int k = 0; k < inputs.length; k++) total += forward(k, net, out) / inputs.length;
            told.put("E_total" + at, total);
            List<Integer> batch = batches.get(update % batches.size());
            for (int sample : batch) {
                forward(sample - 1, net, out);
                for (int l = 2; l >= 1; l--) {
                    for (int j = 0; j < sizes[l]; j++) {
                        double slope = isTanh ? 1 - out[l][j] * out[l][j] : out[l][j] * (1 - out[l][j]);
                        double dEdout = l == 2 ? out[l][j] - targets[sample - 1][j] : 0;
                        for (int k = 0; l == 1 && k < sizes[2]; k++) dEdout += delta[2][k] * p[w(2, k, j)];
                        delta[l][j] = dEdout * slope;
                        gradient[b(l, j)] += delta[l][j] / batch.size();
                        for (int i = 0; i < sizes[l - 1]; i++)
                            gradient[w(l, j, i)] += delta[l][j] * out[l - 1][i] / batch.size();
                        String of = (l > 1 ? "o" : "h") + (j + 1) + (inputs.length > 1 ? "[" + sample + "]" : "");
                        told.put("net_" + of + at, net[l][j]);
                        told.put("out_" + of + at, out[l][j]);
                        told.put("delta_" + of + at, delta[l][j]);
                    }
                }
            }
            for (int i = 0; i < p.length; i++) {
                String name = (i < weights ? "w" + (i + 1) : "b" + (i - weights + 1)) + at;
                told.put(name, p[i]);
                told.put("d" + error + "/d" + name, gradient[i]);
                told.putAll(Map.of("m_" + name, m[i], "v_" + name, v[i]));
                if (i >= weights && !ownBiases) continue;
                m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
                double mean = m[i] / (1 - pow(0.9, update + 1)), square = v[i] / (1 - pow(0.999, update + 1));
                p[i] -= rate * (isAdam ? mean / (Math.sqrt(square) + 1e-8) : gradient[i]);
            }
        }
        return told;
    }
}
