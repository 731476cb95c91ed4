# SPDX-License-Identifier: Apache-2.0
#
# Debian packages: `cpack --config build/release/CPackConfig.cmake -B FOLDER` makes
#   hitstream               daemon, hitctl, unit, system user, manuals, completion
#   libhitstream-match-dev  the matching engine for programs that have never heard of Kafka
# The same sources give the same bytes in any folder: times are SOURCE_DATE_EPOCH's, by default the changelog's.

set(package ${PROJECT_SOURCE_DIR}/config/package)

find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
if(NOT DPKG_SHLIBDEPS) # not a Debian with dpkg-dev: nothing to package with
    return()
endif()

foreach(component hitstream dev)
    set(name hitstream)
    if(component STREQUAL dev)
        set(name libhitstream-match-dev)
    endif()
    install(FILES ${package}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component})
    install(FILES ${package}/changelog DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component})
endforeach()

# An override is for the tags of Debian 12's lintian: 13's has no longer the one, and says so of the file.
file(STRINGS /etc/os-release release REGEX "^VERSION_CODENAME=bookworm$")
if(release)
    install(FILES ${package}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME hitstream)
endif()

# What is inside, as SPDX: made from the packages whose libraries the programs link.
set(sbom ${PROJECT_BINARY_DIR}/hitstream.spdx.json)
add_custom_command(OUTPUT ${sbom}
    COMMAND ${PYTHON3} ${package}/sbom.py ${PROJECT_VERSION} ${package}/changelog
            $<TARGET_FILE:hitstreamd> $<TARGET_FILE:hitctl> > ${sbom}
    DEPENDS hitstreamd hitctl ${package}/sbom.py ${package}/changelog
    VERBATIM)
add_custom_target(hs_sbom ALL DEPENDS ${sbom})
install(FILES ${sbom} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/hitstream)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hitstream)
set(CPACK_PACKAGE_CONTACT "hitstream maintainers <maintainers@hitstream.example>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL hitstream dev)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${package}/prepare.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "https://hitstream.example/")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_HITSTREAM_PACKAGE_NAME hitstream)
set(CPACK_DEBIAN_HITSTREAM_PACKAGE_SECTION net)
set(CPACK_DEBIAN_HITSTREAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_HITSTREAM_PACKAGE_DEPENDS "systemd")
set(CPACK_DEBIAN_HITSTREAM_PACKAGE_SUGGESTS "redis-server, prometheus, kcat | kafkacat")
set(CPACK_DEBIAN_HITSTREAM_PACKAGE_CONTROL_EXTRA
    ${package}/postinst ${package}/prerm ${package}/postrm ${package}/conffiles)
set(CPACK_DEBIAN_HITSTREAM_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENT_HITSTREAM_DESCRIPTION "real-time ANPR hit correlation for roads policing
hitstreamd reads number plate reads from Apache Kafka, matches them against
watchlists held in Redis, joins the hits of each vehicle over cameras, forces
and time into incidents, and publishes alerts to the dispatch queues of the
control rooms that must act. hitctl loads and reviews watchlists and controls,
and shows who was told what.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libhitstream-match-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libprotobuf-c-dev, libsodium-dev, libjansson-dev, liburcu-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "matching engine of hitstream, development files
Batches of number plate reads in, hits on watchlists out: an immutable
snapshot of all lists, swapped under the readers by RCU, with the look-alike
tiers and patterns of UK plates. A static library with headers, a pkg-config
module, a manual page and an example; it knows no Kafka and no Redis.")
include(CPack)
