#!/usr/bin/env node
// A compiler's command line around the npm package `solc`, for callers that expect the native program: py-solc-x,
// forge and Slither. The package's own `solcjs` prints a line before the JSON and refuses `--allow-paths`.
// Answers `--version` and `--standard-json` (input on stdin); other options of the native program are accepted where
// callers pass them (`--allow-paths`, `--base-path`, `--include-path`) and only widen where imports are looked for.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

// The package may be installed beside this file or beside the project the caller works in.
function loadCompiler() {
  for (const origin of [path.join(process.cwd(), "package.json"), __filename]) {
    try {
      return createRequire(origin)("solc");
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  process.stderr.write("solc_shim: the npm package solc is not installed\n");
  return process.exit(3);
}

function importsFrom(roots) {
  return (name) => {
    for (const root of roots) {
      const candidate = path.resolve(root, name);
      if (fs.existsSync(candidate)) return { contents: fs.readFileSync(candidate, "utf8") };
    }
    return { error: `${name} is not in ${roots.length} import folders` };
  };
}

function main(argv) {
  const compiler = loadCompiler();
  if (argv.includes("--version")) {
    process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${compiler.version()}\n`);
    return 0;
  }
  if (!argv.includes("--standard-json")) {
    process.stderr.write("solc_shim: only --version and --standard-json are answered\n");
    return 2;
  }
  const roots = [process.cwd(), path.join(process.cwd(), "node_modules")];
  for (const option of ["--base-path", "--include-path"]) {
    const place = argv.indexOf(option);
    if (place >= 0 && argv[place + 1]) roots.unshift(path.resolve(argv[place + 1]));
  }
  const input = fs.readFileSync(0, "utf8");
  process.stdout.write(compiler.compile(input, { import: importsFrom(roots) }));
  return 0;
}

process.exitCode = main(process.argv.slice(2));
