#!/usr/bin/env bash
# Leave one task out, micro and macro, and parts of it; half an hour on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
for suite in transnas-micro transnas-macro; do
  python experiments/structured-posterior/run.py "$suite" --variants full
done
run=(python experiments/structured-posterior/run.py)
"${run[@]}" transnas-macro --variants "opening of 4"
"${run[@]}" transnas-macro --targets "as it is" --variants "never doubts" "full prior mean" \
  "no structure" "little noise" "no log rank" "prior not chosen"
"${run[@]}" transnas-micro --targets "as it is" --variants "own sources only"
