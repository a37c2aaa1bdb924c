// The port held against GOLDEN_FILE: every value of NETWORK within its tolerance, or status 1.
#include GOLDEN_FILE
#include "port.hpp"
#include <cstdio>

int main() {
    std::vector<std::vector<int>> batches;
    const int* next = GOLDEN_BATCHES;
    for (int size : GOLDEN_BATCH_SIZES) batches.emplace_back(next, next + size), next += size;
    const Told told = train(NETWORK, batches, 20);
    for (const auto& [name, value] : told) std::printf("%s,%.17g\n", name.c_str(), value);  // for `compare`
    for (const auto& golden : GOLDEN) {
        const auto found = told.find(golden.name);
        if (found == told.end() || std::abs(found->second - golden.value) <= golden.tolerance) continue;
        std::fprintf(stderr, "%s: %.17g, not %.17g\n", golden.name, found->second, golden.value);
        return 1;
    }
}
