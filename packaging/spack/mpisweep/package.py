from spack.package import *


class Mpisweep(CMakePackage):
    """Trains thousands of small neural networks over a grid of hyper-parameters under MPI, into one HDF5 file."""

    license("MIT")

    # The address of the repository is the site's to fill in: spack dev-build mpisweep@main in a checkout needs none.
    version("main", branch="main")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5@1.10: +hl")
    depends_on("libyaml")
    depends_on("nlopt")
    depends_on("zlib-api")
    depends_on("libcsv")
    depends_on("xxhash")
    depends_on("python@3.11:", type=("build", "run"))
    depends_on("py-xarray", type="run")
    depends_on("py-h5netcdf", type="run")
    depends_on("py-matplotlib", type="run")
    depends_on("py-pyyaml", type="run")


    def cmake_args(self):
        return [self.define("BUILD_TESTING", False)]
