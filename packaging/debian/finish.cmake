# CPack runs this between installing into a folder and packing it: what Debian wants otherwise than `cmake --install`.
set(usr ${CPACK_TEMPORARY_DIRECTORY}/usr)
set(doc ${usr}/share/doc/mpisweep)

# gzip leaves the time out of what it writes (-n): equal files give equal packages.
function(compress)
  execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(COPY_FILE ${CPACK_MPISWEEP_COPYRIGHT} ${doc}/copyright)
file(COPY_FILE ${CPACK_MPISWEEP_CHANGELOG} ${doc}/changelog)
file(RENAME ${doc}/CHANGELOG.md ${doc}/NEWS.md)
file(GLOB_RECURSE pages ${usr}/share/man/*)
compress(${doc}/changelog ${doc}/NEWS.md ${pages})

# Completion of packages is in another folder than that of the administrator's own.
file(MAKE_DIRECTORY ${usr}/share/zsh/vendor-completions)
file(RENAME ${usr}/share/zsh/site-functions/_mpisweep ${usr}/share/zsh/vendor-completions/_mpisweep)
file(REMOVE_RECURSE ${usr}/share/zsh/site-functions)

# Scripts of packages use the distribution's Python, whatever is first on PATH.
foreach(script ${usr}/bin/mpisweep-data ${usr}/share/mpisweep/jobs/examples/make_data)
  if(EXISTS ${script})
    execute_process(COMMAND sed -i "1s|.*|#!/usr/bin/python3|" ${script} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()

file(GLOB archives ${usr}/lib/*/libmpisweep_engine.a)
foreach(archive ${archives})
  execute_process(COMMAND strip --strip-debug --enable-deterministic-archives ${archive} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
