#!/usr/bin/env bash
# Measure the whole matrix: every task from every other and from all others at once, every method.
# Keep rows, curves, estimates, table and a choice of figures here. RUN and KEEP name other folders.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=${RUN:-runs/transfer-matrix-micro} here=${KEEP:-experiments/transfer-matrix-micro}
COLUMNS=80 rlnas matrix --suite transnas-micro --methods all --estimators all --probes 10 \
  --seeds 10 --free-seeds 10 --queries 50 --workers "${WORKERS:-2}" --device cpu --out "$run" --resume \
  | sed '/^Figure: /,$d' | tee "$here/table.txt"
cp "$run"/{config.json,versions.json,{rows,curves,similarity}.parquet} "$here"
cp "$run"/{methods,curves,curves-others,gains,selection}.{png,svg} "$here"
cp "$run"/heatmap-{zero-shot,weight-init,policy-reuse}.{png,svg} "$here"
