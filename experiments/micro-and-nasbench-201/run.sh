#!/usr/bin/env bash
# Transfer between two search spaces, both ways, by transformers that read operations by name; keep
# rows, curves, tables and figures here. PARTS names other parts: to-nasbench-201-learning and
# to-micro-learning take far longer. RUN and KEEP name other folders.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${RUN:-runs/micro-and-nasbench-201} here=${KEEP:-experiments/micro-and-nasbench-201}
for part in ${PARTS:-to-nasbench-201-policies to-micro-policies}; do
  case $part in
    to-nasbench-201-*) suites=(--suite nasbench-201 --source-suite transnas-micro) ;;
    to-micro-*) suites=(--suite transnas-micro --source-suite nasbench-201) ;;
  esac
  case $part in
    *-policies) methods=scratch,zero-shot,joint,regularised-evolution,random seeds=30 ;;
    *-learning) methods=scratch,weight-init,shared-representation,policy-reuse seeds=10 ;;
  esac
  run=$runs/$part keep=$here/$part
  mkdir -p "$keep"
  COLUMNS=80 rlnas matrix "${suites[@]}" --network transformer --methods "$methods" \
    --seeds "$seeds" --free-seeds "$seeds" --queries 50 --workers "${WORKERS:-2}" --device cpu --out "$run" --resume \
    | sed '/^Figure: /,$d' | tee "$keep/table.txt"
  cp "$run"/{config.json,versions.json,{rows,curves}.parquet,{methods,curves,curves-others}.{png,svg}} \
    "$keep"
  python experiments/micro-and-nasbench-201/by_target.py --keep "$keep" | tee "$keep/by-target.txt"
done
