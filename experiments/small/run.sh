#!/usr/bin/env bash
# A matrix of seconds on the built-in synthetic suite: needs no table, and says nothing about a real
# benchmark. A test runs this file and compares. RUN and KEEP name other folders.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=${RUN:-runs/small} here=${KEEP:-experiments/small}
COLUMNS=80 rlnas matrix --suite synthetic-micro --tasks synthetic-0,synthetic-1,synthetic-2 \
  --methods scratch,zero-shot,weight-init,policy-reuse,transfer-bo,random \
  --estimators rank-correlation --probes 5 --seeds 2 --free-seeds 2 --queries 12 --steps 2560 \
  --workers "${WORKERS:-2}" --device cpu --out "$run" --resume \
  | sed '/^Figure: /,$d' | tee "$here/table.txt"
cp "$run"/{config.json,versions.json,{rows,curves,similarity}.parquet} "$here"
# What learns depends on the rounding of products, which differs between kinds of processors.
python -c 'import torch; print(torch.backends.cpu.get_cpu_capability())' > "$here/cpu.txt"
