#!/usr/bin/env bash
# Analyse the contracts with Slither, off line; `make slither` prepares its environment. Exits 0 when there is no finding
# but those explained in docs/security/slither.md: three detectors are off, single findings are marked in the source.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

forge=$(echo node_modules/@foundry-rs/forge-*/bin)
export PATH="$PWD/.venv/bin:$PWD/$forge:$PATH"
export FOUNDRY_DISABLE_NIGHTLY_WARNING=1

# The tests are not analysed, and compiling them would take most of the time.
export FOUNDRY_TEST=contracts/mocks FOUNDRY_OUT=out/slither FOUNDRY_CACHE_PATH=cache/slither

exec .venv-slither/bin/slither . --compile-force-framework foundry --config-file slither.config.json "$@"
