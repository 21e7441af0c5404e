#!/usr/bin/env bash
# Leave one task out, micro and macro; a quarter of an hour on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
for suite in transnas-micro transnas-macro; do
  python experiments/structured-posterior/run.py "$suite" --variants full
done
