//! A network with one hidden layer, trained; train() returns every number by its name in the golden file.
use std::collections::BTreeMap;

#[rustfmt::skip]
pub struct Network { // own biases: one of each neuron, trained; otherwise one of each layer, frozen
    sizes: [usize; 3], own_biases: bool, is_tanh: bool, is_adam: bool, // otherwise logistic, gradient descent
    rate: f64, weights: &'static [f64], biases: &'static [f64],
    samples: &'static [(&'static [f64], &'static [f64])], gradient: &'static str, // inputs and targets
}
#[rustfmt::skip]
pub const WORKED_EXAMPLE: Network = Network {
    sizes: [2, 2, 2], own_biases: false, is_tanh: false, is_adam: false, rate: 0.5,
    weights: &[0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], biases: &[0.35, 0.6],
    samples: &[(&[0.05, 0.1], &[0.01, 0.99])], gradient: "dE_total/d",
};
#[rustfmt::skip]
pub const MINI_BATCHES: Network = Network {
    sizes: [2, 3, 1], own_biases: true, is_tanh: true, is_adam: true, rate: 0.03,
    weights: &[0.4, -0.3, 0.2, 0.6, -0.5, 0.1, 0.3, -0.7, 0.5], biases: &[0.1, -0.2, 0.05, 0.15],
    samples: &[(&[0.5, -1.0], &[0.4]), (&[-0.25, 0.75], &[-0.6]), (&[1.0, 0.5], &[0.2]),
        (&[-0.75, -0.5], &[0.7]), (&[0.25, 1.25], &[-0.3])], gradient: "dE_batch/d",
};

pub fn train(n: &Network, batches: &[&[usize]], updates: i32) -> BTreeMap<String, f64> {
    let (mut told, mut p) = (BTreeMap::new(), [n.weights, n.biases].concat());
    let (mut m, mut v, count) = (vec![0.0; p.len()], vec![0.0; p.len()], n.samples.len() as f64);
    let w = |l: usize, j, i| (l - 1) * n.sizes[0] * n.sizes[1] + j * n.sizes[l - 1] + i;
    let b = |l: usize, j| n.weights.len() + if n.own_biases { (l - 1) * n.sizes[1] + j } else { l - 1 };
    let forward = |p: &[f64], k: usize| {
        let (mut net, mut out) = ([vec![], vec![], vec![]], [n.samples[k].0.to_vec(), vec![], vec![]]);
        for l in 1..3 {
            for j in 0..n.sizes[l] {
                let sum: f64 = (0..n.sizes[l - 1]).map(|i| p[w(l, j, i)] * out[l - 1][i]).sum();
                net[l].push(p[b(l, j)] + sum);
                out[l].push(if n.is_tanh { net[l][j].tanh() } else { 1.0 / (1.0 + (-net[l][j]).exp()) });
            }
        }
        let errors = n.samples[k].1.iter().zip(&out[2]).map(|(t, out)| (t - out).powi(2) / 2.0);
        (net, errors.sum::<f64>(), out)
    };
    for update in 0..=updates {
        let at = if update > 0 { format!("@{update}") } else { String::new() };
        told.insert(format!("E_total{at}"), (0..n.samples.len()).map(|k| forward(&p, k).1 / count).sum());
        let (batch, mut gradient) = (batches[update as usize % batches.len()], vec![0.0; p.len()]);
        for &sample in batch {
            let (net, _, out) = forward(&p, sample - 1);
            let mut delta = [vec![], vec![], vec![]];
            for l in [2, 1] {
                for (j, &a) in out[l].iter().enumerate() {
                    let slope = if n.is_tanh { 1.0 - a * a } else { a * (1.0 - a) };
                    let paths = |delta: &[f64]| (0..n.sizes[2]).map(|k| delta[k] * p[w(2, k, j)]).sum();
                    let to_out = if l == 2 { a - n.samples[sample - 1].1[j] } else { paths(&delta[2]) };
                    delta[l].push(to_out * slope);
                    gradient[b(l, j)] += delta[l][j] / batch.len() as f64;
                    for i in 0..n.sizes[l - 1] {
                        gradient[w(l, j, i)] += delta[l][j] * out[l - 1][i] / batch.len() as f64;
                    }
                    let place = if n.samples.len() > 1 { format!("[{sample}]{at}") } else { at.clone() };
                    for (kind, values) in [("net", &net), ("out", &out), ("delta", &delta)] {
                        told.insert(format!("{kind}_{}{}{place}", [' ', 'h', 'o'][l], j + 1), values[l][j]);
                    }
                }
            }
        }
        for i in 0..p.len() {
            let (weights, t) = (n.weights.len(), update + 1);
            let name = if i < weights { format!("w{}", i + 1) } else { format!("b{}", i - weights + 1) };
            for (kind, value) in [("", p[i]), (n.gradient, gradient[i]), ("m_", m[i]), ("v_", v[i])] {
                told.insert(format!("{kind}{name}{at}"), value);
            }
            if i < weights || n.own_biases {
                m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                v[i] = 0.999 * v[i] + 0.001 * gradient[i].powi(2);
                let (mean, square) = (m[i] / (1.0 - 0.9f64.powi(t)), v[i] / (1.0 - 0.999f64.powi(t)));
                p[i] -= n.rate * if n.is_adam { mean / (square.sqrt() + 1e-8) } else { gradient[i] };
            }
        }
    }
    told
}
