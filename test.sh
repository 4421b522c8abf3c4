#!/usr/bin/env bash
# Builds and tests mpisweep. Installs missing packages with apt-get.
#   ./test.sh          all tests with gcc, again with both sanitizers (address, undefined behaviour); a clang build; the formatting;
#                     clang-tidy
#   ./test.sh gcc      all tests with gcc
#   ./test.sh quick    the same without those that take long
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/setup.sh

chosen=() # options of ctest
[ "${1-all}" != quick ] || chosen=(--label-exclude '^long$')
case "${1-all}" in
all) presets=(release sanitizers) ;;
gcc | quick) presets=(release) ;;
*) fail "usage: ./test.sh [gcc | quick]" ;;
esac

# Versions of clang-format disagree: only version 14 counts; where it is missing, nothing is checked.
check_format() {
    local version=14 formatter
    for formatter in clang-format-$version clang-format; do
        if "$formatter" --version 2>/dev/null | grep -q "version $version\."; then
            git ls-files -z '*.c' '*.h' | xargs -0 "$formatter" --dry-run -Werror
            return
        fi
    done
    echo "FORMATTING NOT CHECKED: needs clang-format $version, found $(clang-format --version)"
}

# Findings of clang-tidy depend on its version, too. The kernels are left out: their loops are unrolled for the compiler.
check_tidy() {
    if ! clang-tidy --version 2>/dev/null | grep -q "version 14\."; then
        echo "NOT CHECKED BY CLANG-TIDY: needs version 14"
        return
    fi
    git ls-files -z 'src/*.c' ':!src/engine/kernels' |
        xargs -0 -P "$(nproc)" -n 8 clang-tidy --quiet -p build/sanitizers
}

install_missing "to build mpisweep" "${build_packages[@]}"
install_missing "to read results files" "${analysis_packages[@]}"
install_missing "to test mpisweep" "${test_packages[@]}"
install_missing "to build the documentation" "${docs_packages[@]}"
if [ "$(id -u)" -eq 0 ]; then
    install_missing "to test mpisweep under Slurm" "${slurm_packages[@]}"
fi
allow_mpi_as_root

for preset in "${presets[@]}"; do
    echo "== $preset: build and test"
    build "$preset" -DBUILD_TESTING=ON -DMPISWEEP_WERROR=ON
    parallel=$(nproc)
    [ "$preset" = sanitizers ] || parallel=$((parallel + 1)) # some tests mostly wait; slowed down, they do not
    ctest --preset "$preset" --parallel "$parallel" "${chosen[@]}"
done
if [ "${1-all}" = all ]; then
    echo "== clang: build"
    build clang -DBUILD_TESTING=ON
    echo "== formatting"
    check_format
    echo "== clang-tidy"
    check_tidy
fi
echo "All passed."
