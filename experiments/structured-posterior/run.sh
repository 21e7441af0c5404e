#!/usr/bin/env bash
# Leave one task out, with hostile targets, on four suites, and parts of it; about half an hour on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
run=(python experiments/structured-posterior/run.py)
"${run[@]}" transnas-micro --variants full
"${run[@]}" transnas-macro --variants full "opening of 4"
hostile=(negated permuted middling decoy draw)
"${run[@]}" transnas-micro --variants full --targets "${hostile[@]}" --seeds 10
"${run[@]}" transnas-macro --variants full --targets "${hostile[@]}" --seeds 10
"${run[@]}" transnas-micro --seeds 10 --variants "own sources only" "scores as measured" "no structure" \
  "never doubts" "no log rank" "opening of 4" "opening chosen"
"${run[@]}" rooms-micro --variants full
"${run[@]}" nasbench-201 --variants full
"${run[@]}" transnas-macro --seeds 10 --variants "scores as measured" "no structure" "never doubts" \
  "no log rank" "opening chosen"
"${run[@]}" transnas-macro --variants "opening of 4" --targets "${hostile[@]}" --seeds 10
"${run[@]}" transnas-micro --seeds 10 --variants "full prior mean" "little noise" "chosen by one start" "not chosen"
"${run[@]}" transnas-macro --seeds 10 --variants "full prior mean" "little noise" "chosen by one start" "not chosen"
