from spack.package import *


class Libcsv(AutotoolsPackage):
    """A small library that reads and writes CSV files. Spack has no package of it."""

    homepage = "https://github.com/rgamble/libcsv"
    git = "https://github.com/rgamble/libcsv.git"

    version("master", branch="master")

    depends_on("c", type="build")
