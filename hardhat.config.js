// Compiles, tests and runs a chain offline: the compiler is the npm package's, found by path. Its settings must be those
// of node/artifacts/compile.py and foundry.toml; a test compares the results.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const compiler = {
  version: "0.8.37",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "cancun",
    viaIR: false,
    optimizer: { enabled: true, runs: 1000 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
  },
};

export default {
  // One profile for building and testing: what is tested is what is deployed.
  solidity: { profiles: { default: { compilers: [compiler] }, production: { compilers: [compiler] } } },
  paths: {
    sources: "./contracts",
    tests: "./tests/contracts",
    cache: "./cache/hardhat",
    artifacts: "./artifacts",
  },
  test: { solidity: { fuzz: { runs: 64 }, invariant: { runs: 16, depth: 32, failOnRevert: true } } },
};
