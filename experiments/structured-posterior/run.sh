#!/usr/bin/env bash
# Leave one task out, with hostile targets, on four suites, and parts of it; half an hour on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
run=(python experiments/structured-posterior/run.py)
"${run[@]}" transnas-micro --variants full --hostile
"${run[@]}" transnas-macro --variants full "opening of 4" --hostile
parts=("never doubts" "scores as measured" "no structure" "no log rank" "half the prior mean" "whole prior mean"
  "little noise" "β 0.5" "β 1")
"${run[@]}" transnas-micro --seeds 10 --variants "own sources only" "opening of 4" "${parts[@]}"
"${run[@]}" rooms-micro --variants full
"${run[@]}" nasbench-201 --variants full
"${run[@]}" transnas-macro --seeds 10 --variants "${parts[@]}"
for suite in transnas-micro transnas-macro; do
  "${run[@]}" "$suite" --seeds 10 --variants "not chosen" "chosen by one start" "opening chosen"
done
python experiments/structured-posterior/tell.py
