// A network with one hidden layer, trained; train returns every number by its name.
package main

import (
	"fmt"
	"math"
	"strings"
)

type network struct { // p: weights, then biases; bias: the place in p of the bias of each neuron
	p                        []float64
	bias                     [3][]int
	inputs, targets          [][]float64
	weights, trained, hidden int
	names                    []string // how those of gradients begin; of samples in others
	rate                     float64
	value, slope             func(float64) float64 // of net; of out
	change                   func(g, m, v, t float64) float64
}

var networks = map[string]network{
	"WORKED_EXAMPLE": {[]float64{0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55, 0.35, 0.6},
		[3][]int{nil, {8, 8}, {9, 9}}, [][]float64{{0.05, 0.1}}, [][]float64{{0.01, 0.99}}, 8, 8, 2,
		[]string{"dE_total/d", ""}, 0.5, func(net float64) float64 { return 1 / (1 + math.Exp(-net)) },
		func(out float64) float64 { return out * (1 - out) }, func(g, m, v, t float64) float64 { return g }},
	"MINI_BATCHES": {[]float64{0.4, -0.3, 0.2, 0.6, -0.5, 0.1, 0.3, -0.7, 0.5, 0.1, -0.2, 0.05, 0.15},
		[3][]int{nil, {9, 10, 11}, {12}}, [][]float64{{0.5, -1}, {-0.25, 0.75}, {1, 0.5}, {-0.75, -0.5},
			{0.25, 1.25}}, [][]float64{{0.4}, {-0.6}, {0.2}, {0.7}, {-0.3}}, 9, 13, 3,
		[]string{"dE_batch/d", "[1]", "[2]", "[3]", "[4]", "[5]"}, 0.03, math.Tanh, func(out float64) float64 { return 1 - out*out }, adam},
}

func adam(g, m, v, t float64) float64 {
	return m / (1 - math.Pow(0.9, t)) / (math.Sqrt(v/(1-math.Pow(0.999, t))) + 1e-8)
}

func train(n network, batches [][]int, updates int) map[string]float64 {
	told, m, v := map[string]float64{}, make([]float64, len(n.p)), make([]float64, len(n.p))
	w := func(l, j, i int) int { return (l-1)*2*n.hidden + j*(2+(l-1)*(n.hidden-2)) + i } // two inputs
	for update := 0; update <= updates; update++ {
		gradient, at := make([]float64, len(n.p)), strings.TrimSuffix(fmt.Sprint("@", update), "@0")
		batch := batches[update%len(batches)]
		for _, sample := range batch {
			net, out, delta := [3][]float64{}, [3][]float64{n.inputs[sample-1]}, [3][3]float64{}
			for l := 1; l <= 2; l++ {
				for j, b := range n.bias[l] {
					sum := n.p[b]
					for i, a := range out[l-1] {
						sum += n.p[w(l, j, i)] * a
					}
					net[l], out[l] = append(net[l], sum), append(out[l], n.value(sum))
				}
			}
			for k, a := range out[2] {
				delta[2][k] = (a - n.targets[sample-1][k]) * n.slope(a)
				for j, a := range out[1] {
					delta[1][j] += delta[2][k] * n.p[w(2, k, j)] * n.slope(a)
				}
			}
			for l := 1; l <= 2; l++ {
				for j, d := range delta[l][:len(net[l])] {
					gradient[n.bias[l][j]] += d / float64(len(batch))
					for i, a := range out[l-1] {
						gradient[w(l, j, i)] += d * a / float64(len(batch))
					}
					of := fmt.Sprintf("_%c%d%s", " ho"[l], j+1, n.names[sample]) + at
					told["net"+of], told["out"+of], told["delta"+of] = net[l][j], out[l][j], d
				}
			}
		}
		for i := range n.p {
			of := fmt.Sprintf("%c%d", "wb"[i/n.weights], i%n.weights+1) + at
			told[of], told[n.names[0]+of], told["m_"+of], told["v_"+of] = n.p[i], gradient[i], m[i], v[i]
			if i < n.trained {
				m[i], v[i] = 0.9*m[i]+0.1*gradient[i], 0.999*v[i]+0.001*gradient[i]*gradient[i]
				n.p[i] -= n.rate * n.change(gradient[i], m[i], v[i], float64(update+1))
			}
		}
	}
	return told
}
