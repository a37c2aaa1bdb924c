// A network with one hidden layer, trained; train() returns every number by its name in the golden file.
"use strict";

// ownBiases: one of each neuron, trained; otherwise one of each layer, frozen
const WORKED_EXAMPLE = {
  sizes: [2, 2, 2], ownBiases: false, isTanh: false, isAdam: false, rate: 0.5,
  weights: [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], biases: [0.35, 0.6],
  inputs: [[0.05, 0.1]], targets: [[0.01, 0.99]], error: "E_total",
};
const MINI_BATCHES = {
  sizes: [2, 3, 1], ownBiases: true, isTanh: true, isAdam: true, rate: 0.03,
  weights: [0.4, -0.3, 0.2, 0.6, -0.5, 0.1, 0.3, -0.7, 0.5], biases: [0.1, -0.2, 0.05, 0.15],
  inputs: [[0.5, -1], [-0.25, 0.75], [1, 0.5], [-0.75, -0.5], [0.25, 1.25]],
  targets: [[0.4], [-0.6], [0.2], [0.7], [-0.3]], error: "E_batch",
};

function train(n, batches, updates) {
  const told = {}, p = [...n.weights, ...n.biases], m = p.map(() => 0), v = p.map(() => 0);
  const net = [], out = [], delta = [];  // of each layer; out[0] are the inputs
  const w = (l, j, i) => (l === 2 ? n.sizes[0] * n.sizes[1] : 0) + j * n.sizes[l - 1] + i;
  const b = (l, j) => n.weights.length + (n.ownBiases ? (l === 2 ? n.sizes[1] : 0) + j : l - 1);

  function forward(sample) {
    let error = 0;
    out[0] = n.inputs[sample];
    for (const l of [1, 2]) {
      [net[l], out[l], delta[l]] = [[], [], []];
      for (let j = 0; j < n.sizes[l]; j++) {
        net[l][j] = p[b(l, j)];
        for (let i = 0; i < n.sizes[l - 1]; i++) net[l][j] += p[w(l, j, i)] * out[l - 1][i];
        out[l][j] = n.isTanh ? Math.tanh(net[l][j]) : 1 / (1 + Math.exp(-net[l][j]));
        if (l === 2) error += (n.targets[sample][j] - out[l][j]) ** 2 / 2;
      }
    }
    return error;
  }

  for (let update = 0; update <= updates; update++) {
    const at = update ? `@${update}` : "", gradient = p.map(() => 0);
    told[`E_total${at}`] = n.inputs.reduce((sum, _, k) => sum + forward(k) / n.inputs.length, 0);
    const batch = batches[update % batches.length];
    for (const sample of batch) {
      forward(sample - 1);
      for (const l of [2, 1]) {
        for (let j = 0; j < n.sizes[l]; j++) {
          const slope = n.isTanh ? 1 - out[l][j] * out[l][j] : out[l][j] * (1 - out[l][j]);
          let dEdout = l === 2 ? out[l][j] - n.targets[sample - 1][j] : 0;
          for (let k = 0; l === 1 && k < n.sizes[2]; k++) dEdout += delta[2][k] * p[w(2, k, j)];
          delta[l][j] = dEdout * slope;
          gradient[b(l, j)] += delta[l][j] / batch.length;
          for (let i = 0; i < n.sizes[l - 1]; i++) {
            gradient[w(l, j, i)] += delta[l][j] * out[l - 1][i] / batch.length;
          }
          const of = `${l === 1 ? "h" : "o"}${j + 1}${n.inputs.length > 1 ? `[${sample}]` : ""}${at}`;
          for (const [kind, all] of Object.entries({ net, out, delta })) told[`${kind}_${of}`] = all[l][j];
        }
      }
    }
    for (let i = 0; i < p.length; i++) {
      const isWeight = i < n.weights.length, name = isWeight ? `w${i + 1}` : `b${i - n.weights.length + 1}`;
      told[`${name}${at}`] = p[i];
      told[`d${n.error}/d${name}${at}`] = gradient[i];
      told[`m_${name}${at}`] = m[i];
      told[`v_${name}${at}`] = v[i];
      if (!isWeight && !n.ownBiases) continue;
      m[i] = 0.9 * m[i] + 0.1 * gradient[i];
      v[i] = 0.999 * v[i] + 0.001 * gradient[i] ** 2;
      const mean = m[i] / (1 - 0.9 ** (update + 1)), mean2 = v[i] / (1 - 0.999 ** (update + 1));
      p[i] -= n.rate * (n.isAdam ? mean / (Math.sqrt(mean2) + 1e-8) : gradient[i]);
    }
  }
  return told;
}

module.exports = { WORKED_EXAMPLE, MINI_BATCHES, train };
