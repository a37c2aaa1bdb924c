// test NETWORK GOLDEN.json: every value of the port within its tolerance, or status 1.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
)

func main() {
	var golden struct {
		Batches    [][]int
		Order      []string
		Quantities map[string]struct{ Value, Tolerance float64 }
	}
	text, _ := os.ReadFile(os.Args[2])
	if err := json.Unmarshal(text, &golden); err != nil {
		panic(err)
	}
	told := train(networks[os.Args[1]], golden.Batches, 20)
	for name, value := range told {
		fmt.Printf("%s,%v\n", name, value) // for neuronnet compare
	}
	for _, name := range golden.Order {
		value, found := told[name]
		if !found {
			value, found = told[name+"@0"]
		}
		if each := golden.Quantities[name]; found && !(math.Abs(value-each.Value) <= each.Tolerance) {
			fmt.Fprintf(os.Stderr, "%s: %v, not %v\n", name, value, each.Value)
			os.Exit(1)
		}
	}
}
