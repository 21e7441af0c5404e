#!/usr/bin/env bash
# Leave one task out, three controllers a source: what README's table shows. Rows and tables are kept here.
# SUITES="transnas-macro rooms-micro" measures others. Goes on where it was stopped; half an hour a suite
# on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
here=experiments/leave-one-out
posterior=guided-reuse,guided-reuse-random,transfer-bo
selected=selected-source,selected-source-untrained
lists=round-robin,mean-source-score,most-parameters,most-flops,proxy-rank-sum
measure() {  # what methods start from, their names, searches of each source and controller
  local run=${RUNS:-runs/leave-one-out}/$suite-$1
  rlnas matrix --suite "$suite" --methods "$2" --prefer-others --seeds "$3" --controllers 3 --queries 50 \
    --workers "${WORKERS:-1}" --device cpu --out "$run" --resume > /dev/null
  cp "$run/rows.parquet" "$here/$suite-$1.parquet"
}
for suite in ${SUITES:-transnas-micro}; do
  measure posterior "$posterior" 7
  measure others "$selected,$lists,local,regularised-evolution,random" 7
  measure shared shared-representation,shared-representation-untrained 7
  measure none scratch 20
  measure each weight-init,zero-shot,weight-init-untrained,zero-shot-untrained 2
done
python "$here/tell.py"
