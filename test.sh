#!/usr/bin/env bash
# Builds and tests mpisweep. Installs missing packages with apt-get.
#   ./test.sh          all tests with gcc, again with both sanitizers (address, undefined behaviour); a clang build; the formatting
#   ./test.sh quick    all tests with gcc
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. tools/setup.sh

case "${1-all}" in
all) presets=(release sanitizers) ;;
quick) presets=(release) ;;
*) fail "usage: ./test.sh [quick]" ;;
esac

# Formatting is checked by the version that wrote it: others format differently.
check_format() {
    local formatter=14
    if clang-format --version | grep -q "version $formatter\."; then
        git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run -Werror
    else
        echo "Formatting not checked: that needs clang-format $formatter, here is $(clang-format --version)"
    fi
}

install_missing "to build mpisweep" "${build_packages[@]}"
install_missing "to read results files" "${analysis_packages[@]}"
install_missing "to test mpisweep" "${test_packages[@]}"
allow_mpi_as_root

for preset in "${presets[@]}"; do
    echo "== $preset: build and test"
    build "$preset" -DBUILD_TESTING=ON -DMPISWEEP_WERROR=ON
    ctest --preset "$preset" --parallel "$(nproc)"
done
if [ "${1-all}" = all ]; then
    echo "== clang: build"
    build clang -DBUILD_TESTING=ON
    echo "== formatting"
    check_format
fi
echo "All passed."
