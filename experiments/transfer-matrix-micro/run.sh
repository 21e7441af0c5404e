#!/usr/bin/env bash
# Measure the transfer matrix and keep its rows, curves, table and figures here.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/transfer-matrix-micro
run=runs/transfer-matrix-micro
rlnas matrix --suite transnas-micro --seeds 30 --queries 50 --workers 2 \
  --out "$run" --resume | tee "$here/table.txt"
cp "$run"/{config.json,versions.json,rows.parquet,curves.parquet} "$run"/*.png "$run"/*.svg "$here"
