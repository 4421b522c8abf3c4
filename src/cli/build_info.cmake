# cmake -P: writes OUTPUT from TEMPLATE with the version and the commit of SOURCE_DIRECTORY, when they changed.
execute_process(COMMAND git -C ${SOURCE_DIRECTORY} describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR NOT COMMIT)
  set(COMMIT unknown) # no checkout, or no git
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
