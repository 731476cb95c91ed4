# SPDX-License-Identifier: Apache-2.0
# What Debian wants of an installed tree before it becomes a package; run by cpack over the staged components.

if(NOT DEFINED ENV{SOURCE_DATE_EPOCH}) # the changelog's last line that begins with ' -- ' says when
    file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/changelog signed REGEX "^ -- ")
    list(GET signed 0 newest)
    string(REGEX REPLACE ".*>  " "" when "${newest}")
    execute_process(COMMAND date -d "${when}" +%s OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY)
    set(ENV{SOURCE_DATE_EPOCH} ${epoch})
endif()

file(GLOB_RECURSE pages ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*.[1-8]
    ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/changelog)
foreach(page IN LISTS pages)
    execute_process(COMMAND gzip -9nf ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(GLOB_RECURSE archives ${CPACK_TEMPORARY_DIRECTORY}/*.a)
file(GLOB programs ${CPACK_TEMPORARY_DIRECTORY}/*/usr/bin/* ${CPACK_TEMPORARY_DIRECTORY}/*/usr/sbin/*)
foreach(file IN LISTS archives programs)
    execute_process(COMMAND strip --strip-debug --remove-section=.comment --enable-deterministic-archives ${file}
        COMMAND_ERROR_IS_FATAL ANY)
endforeach()
