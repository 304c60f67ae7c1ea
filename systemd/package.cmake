# The Debian package: what systemd/install.cmake installs, and what makes a Debian system of it. `./dev package` builds it.
option(COLMEIA_PACKAGE "Prepare for cpack: the files that only a Debian package has" OFF)
if(NOT COLMEIA_PACKAGE)
  return()
endif()

find_program(GZIP gzip REQUIRED)
set(debian ${PROJECT_SOURCE_DIR}/systemd/debian)
set(made ${CMAKE_BINARY_DIR}/debian)

install(FILES ${PROJECT_SOURCE_DIR}/systemd/colmeia.sysusers DESTINATION lib/sysusers.d RENAME colmeia.conf)
install(FILES ${PROJECT_SOURCE_DIR}/systemd/colmeia.tmpfiles DESTINATION lib/tmpfiles.d RENAME colmeia.conf)
install(FILES ${PROJECT_SOURCE_DIR}/systemd/colmeia.logrotate DESTINATION /etc/logrotate.d RENAME colmeia)
install(FILES ${debian}/copyright DESTINATION share/doc/colmeia)
install(FILES ${debian}/lintian-overrides DESTINATION share/lintian/overrides RENAME colmeia)
add_custom_command(OUTPUT ${made}/changelog.gz ${made}/changelog.Debian.gz
  COMMAND ${CMAKE_COMMAND} -E make_directory ${made}
  COMMAND ${CMAKE_COMMAND} -E copy ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${made}/changelog
  COMMAND ${CMAKE_COMMAND} -E copy ${debian}/changelog ${made}/changelog.Debian
  COMMAND ${GZIP} -9nf ${made}/changelog ${made}/changelog.Debian
  DEPENDS ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${debian}/changelog
  VERBATIM)
add_custom_target(colmeia_changelogs ALL DEPENDS ${made}/changelog.gz)
install(FILES ${made}/changelog.gz ${made}/changelog.Debian.gz DESTINATION share/doc/colmeia)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)  # the configuration has an absolute place
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_PACKAGE_NAME colmeia)
set(CPACK_PACKAGE_CONTACT "The colmeia authors <maintainers@colmeia.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "pre-fork web server that reads nginx's configuration")
set(CPACK_PACKAGE_DESCRIPTION
"A master opens the sockets and starts one worker for each usable CPU; workers
serve files over HTTP/1.1, and are replaced when they die or hang. The
configuration is nginx's language.
.
A reload is a transaction that reports its result, draining loses no request,
and the binary is upgraded without closing a port.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1 CACHE STRING "The package's revision of this version")
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "logrotate")
set(CPACK_DEBIAN_PACKAGE_PROVIDES "httpd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles;${debian}/postinst;${debian}/prerm;${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
