#!/usr/bin/env bash
# Measure the 3 × 3 matrix of NAS-Bench-201 with every method, and keep rows, curves, estimates,
# table and a choice of figures here. RUN and KEEP name other folders.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=${RUN:-runs/nasbench-201} here=${KEEP:-experiments/nasbench-201}
COLUMNS=80 rlnas matrix --suite nasbench-201 --methods all --estimators all --probes 10 \
  --seeds 20 --free-seeds 20 --queries 50 --workers "${WORKERS:-2}" --device cpu --out "$run" --resume \
  | sed '/^Figure: /,$d' | tee "$here/table.txt"
cp "$run"/{config.json,versions.json,{rows,curves,similarity}.parquet} "$here"
cp "$run"/{methods,curves,curves-others,gains}.{png,svg} "$here"
