# SPDX-License-Identifier: Apache-2.0
#
# libhitstream-match: the matching engine and the ground it stands on as one static library, for programs that have
# never heard of Kafka. Its pkg-config module is hitstream-match; includes are by module path as here.

set(engine base proto vrm wire geo match)
set(objects)
foreach(module IN LISTS engine)
    list(APPEND objects $<TARGET_OBJECTS:hs_${module}>)
endforeach()
add_library(hitstream-match STATIC ${objects})
set_target_properties(hitstream-match PROPERTIES LINKER_LANGUAGE C)

install(TARGETS hitstream-match ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
foreach(header base/arena.h base/clock.h base/diag.h base/error.h base/hash.h base/rcu.h base/str.h
        geo/cameras.h geo/place.h match/confusion.h match/matcher.h match/query.h match/snapshot.h vrm/grammar.h vrm/vrm.h
        wire/framing.h wire/ids.h wire/json.h wire/read_view.h)
    cmake_path(GET header PARENT_PATH folder)
    install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hitstream/${folder}
        COMPONENT dev)
endforeach()
install(DIRECTORY ${PROJECT_BINARY_DIR}/proto/hitstream DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hitstream
    COMPONENT dev FILES_MATCHING PATTERN "*.pb-c.h")

install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/match/example.c
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libhitstream-match-dev/examples COMPONENT dev RENAME match.c)

configure_file(${PROJECT_SOURCE_DIR}/config/pkgconfig/hitstream-match.pc.in
    ${PROJECT_BINARY_DIR}/hitstream-match.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/hitstream-match.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT dev)
