# At `cmake --install`: puts the Python package mpisweep where a python3 of the system finds it, if that is under the prefix
# (~/.local/lib/python3.X/site-packages; on Debian /usr/local/lib/python3.X/dist-packages, /usr/lib/python3/dist-packages), else
# into PREFIX/lib/python3.X/site-packages, and says what PYTHONPATH needs. Without Python nothing is installed.
# Takes PACKAGE_SOURCE, the folder analysis/, PACKAGE_BUILD, a folder for what is made here, and PACKAGE_VERSION.
find_program(python NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(python NAMES python3)
if(NOT python)
  message(STATUS "No python3: the Python package mpisweep is not installed")
  return()
endif()

execute_process(COMMAND ${python} -c "
import site, sys
folders = [f'${CMAKE_INSTALL_PREFIX}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/{kind}-packages' for kind in ('site', 'dist')]
system = '${CMAKE_INSTALL_PREFIX}/lib/python3/dist-packages'  # of all versions
found = [folder for folder in [system, *folders] if folder in [*sys.path, *site.getsitepackages(), site.getusersitepackages()]]
print(*(found or folders)[:1], bool(found), sep=';', end='')" OUTPUT_VARIABLE answer COMMAND_ERROR_IS_FATAL ANY)
list(GET answer 0 folder)
list(GET answer 1 is_found)

file(INSTALL "${PACKAGE_SOURCE}/mpisweep" DESTINATION "${folder}" PATTERN __pycache__ EXCLUDE)
set(information "${PACKAGE_BUILD}/mpisweep-${PACKAGE_VERSION}.dist-info")  # for pip list and importlib.metadata
file(WRITE "${information}/METADATA" "Metadata-Version: 2.1\nName: mpisweep\nVersion: ${PACKAGE_VERSION}\n")
file(WRITE "${information}/INSTALLER" "cmake\n")
file(INSTALL "${information}" DESTINATION "${folder}")
if(NOT is_found STREQUAL "True")
  message(STATUS "To use the Python package mpisweep: export PYTHONPATH=${folder}")
endif()
