package main // test NETWORK: every value of the port within its tolerance in the golden table, or status 1

import (
	"fmt"
	"math"
	"os"
)

func main() {
	told := train(networks[os.Args[1]], GoldenBatches, 20)
	for name, value := range told {
		fmt.Printf("%s,%v\n", name, value) // for neuronnet compare
	}
	for _, each := range Golden {
		if value, found := told[each.Name]; found && !(math.Abs(value-each.Value) <= each.Tolerance) {
			fmt.Fprintf(os.Stderr, "%s: %v, not %v\n", each.Name, value, each.Value)
			os.Exit(1)
		}
	}
}
