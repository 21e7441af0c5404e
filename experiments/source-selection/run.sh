#!/usr/bin/env bash
# Estimate task similarities, compare them with measured gains, keep rows, tables and figures here.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/source-selection
for suite in ${SUITES:-transnas-micro transnas-macro}; do
  run=runs/source-selection-$suite
  rlnas matrix --suite "$suite" --methods scratch,zero-shot --seeds 30 --queries 50 --workers "${WORKERS:-2}" \
    --out "$run" --resume > /dev/null
  python "$here/select_sources.py" --run "$run" --probes 10 --seeds "${SEEDS:-10}" --out "$here" \
    | tee "$here/$suite.txt"
  python "$here/whole_tables.py" --run "$run" | tee "$here/$suite-whole-tables.txt"
done
