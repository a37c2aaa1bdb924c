// node test.js NETWORK GOLDEN.js: every value of the port within its tolerance, or status 1.
"use strict";
const fs = require("fs"), path = require("path"), port = require("./port.js");
const [network, file] = process.argv.slice(2);
const { GOLDEN, GOLDEN_BATCHES } = require(path.resolve(file));

const told = port.train(port[network], GOLDEN_BATCHES, 20);
for (const [name, value] of Object.entries(told)) console.log(`${name},${value}`);  // for neuronnet compare
for (const [name, [value, tolerance]] of Object.entries(GOLDEN)) {
  if (!(name in told) || Math.abs(told[name] - value) <= tolerance) continue;
  console.error(`${name}: ${told[name]}, not ${value}`);
  process.exitCode = 1;
  break;
}
