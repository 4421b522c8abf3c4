#!/usr/bin/env bash
# Builds mpisweep and trains a grid of 50 small networks on all cores: the first command to type in a fresh clone.
# Installs missing packages with apt-get. When run again, it shows the same results without training anything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/setup.sh

install_missing "to build mpisweep" "${build_packages[@]}"
install_missing "to draw the heat map" "${analysis_packages[@]}"
allow_mpi_as_root
python=$(find_python)

log=build/demo.log
mkdir -p build
echo "Building (log: $log)"
build release -DBUILD_TESTING=OFF -DMPISWEEP_WERROR=OFF >"$log" 2>&1 || fail "$(tail -n 20 "$log")" "The build failed: $log"

run=(mpirun --oversubscribe --bind-to none --mca mpi_yield_when_idle 1 -n "$(nproc)"
    build/release/bin/mpisweep run jobs/quickstart.yaml -o quickstart.h5)
echo "${run[*]}"
"${run[@]}" || fail "mpisweep ended with status $?; run the same command again to resume."

"$python" analysis/heatmap.py quickstart.h5 -o quickstart.png
echo
echo "Results:  $PWD/quickstart.h5"
echo "Heat map: $PWD/quickstart.png"
echo "In Python: PYTHONPATH=analysis $python -c 'import mpisweep; print(mpisweep.open(\"quickstart.h5\"))'"
echo "To train again from the start: rm quickstart.h5"
