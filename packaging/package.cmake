# The Debian package: packaging/debian/build-package, or cpack in a build that was configured with the prefix /usr.
set(MPISWEEP_MAINTAINER "mpisweep maintainers <mpisweep@packages.invalid>" CACHE STRING "maintainer of the Debian package")

string(REPLACE - ~ MPISWEEP_DEBIAN_VERSION ${MPISWEEP_VERSION}) # 1.0.0~rc1 sorts before 1.0.0
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mpisweep)
set(CPACK_PACKAGE_VERSION ${MPISWEEP_DEBIAN_VERSION})
set(CPACK_PACKAGE_VENDOR mpisweep)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "trains many small neural networks over a grid of hyper-parameters")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "mpisweep trains thousands of small neural networks over a grid of
hyper-parameters, on all cores of a computer or on the nodes of a cluster,
and writes one HDF5 file of labelled arrays. A job file declares data, model,
loss, optimiser and the axes of the sweep. The same command resumes, and the
results are the same, bit for bit, on any number of ranks.
.
The package has the program, its Python package for tables and figures, jobs
to start from, and the training engine as a library for C.")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${MPISWEEP_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# Libraries: by dpkg-shlibdeps. mpisweep launch starts mpirun; /usr/bin/mpisweep-data is a Python script.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "openmpi-bin, python3:any")
# Suggested, not recommended: what these recommend in turn are 500 packages.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS
    "python3-h5netcdf, python3-h5py, python3-matplotlib, python3-xarray, python3-yaml, libnlopt-dev, pkg-config")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON) # so that what is installed knows its place: analysis/install.cmake
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian/finish.cmake)
set(CPACK_MPISWEEP_CHANGELOG ${CMAKE_CURRENT_BINARY_DIR}/debian-changelog)
set(CPACK_MPISWEEP_COPYRIGHT ${CMAKE_CURRENT_LIST_DIR}/debian/copyright)
configure_file(packaging/debian/changelog.in ${CPACK_MPISWEEP_CHANGELOG} @ONLY)
include(CPack)
