# Sourced by demo.sh and test.sh: the packages that mpisweep needs, and functions that install the missing ones.
# shellcheck shell=bash disable=SC2034  # the variables are used by the scripts that source this file

build_packages=(gcc libc6-dev cmake make pkg-config git openmpi-bin libopenmpi-dev libhdf5-dev libyaml-dev libnlopt-dev zlib1g-dev
    libcsv-dev libxxhash-dev)
analysis_packages=(python3 python3-xarray python3-h5netcdf python3-matplotlib python3-yaml)
docs_packages=(mkdocs)
test_packages=(libcmocka-dev clang clang-format clang-tidy hdf5-tools valgrind python3-netcdf4 man-db zsh)
slurm_packages=(slurm-wlm munge iproute2 util-linux) # only root can start a cluster: tests/slurm

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_missing PURPOSE PACKAGE...: install what is missing.
install_missing() {
    local purpose=$1 package missing=() as_root=()
    shift
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        fail "This script installs packages with apt-get, which is not on this system (Debian 12 and Ubuntu 24.04" \
            "or later have it). Install the equivalents of these Debian packages, then follow \"Install\" in README.md:" \
            "  $*"
    fi
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "Packages are missing, and sudo is not available to install them. Run as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    echo "Installing with apt-get, $purpose: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The first Python that has the distribution's modules, which the one on PATH may lack.
find_python() {
    local python
    for python in /usr/bin/python3 python3; do
        if "$python" -c 'import xarray, h5netcdf, matplotlib, yaml' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    fail "No Python with xarray, h5netcdf, matplotlib and yaml. Install: ${analysis_packages[*]}"
}

# Open MPI refuses to run as root, which is the normal user in a container, unless both variables are set.
allow_mpi_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
}

# build PRESET [CMAKE OPTION]...
build() {
    local preset=$1
    shift
    cmake --preset "$preset" "$@"
    cmake --build --preset "$preset" --parallel "$(nproc)"
}
