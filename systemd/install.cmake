# What is installed beside the program: a configuration, pages, units, and the manual. The configuration goes where the
# program looks for it (src/paths.cmake): /etc in a Debian package, the prefix otherwise; one that is there is kept.
include(GNUInstallDirs)

option(COLMEIA_MANUAL "Make the manual pages and the completions, which asks the program that was built" OFF)
set(COLMEIA_UNIT_DIR ${CMAKE_INSTALL_PREFIX}/lib/systemd CACHE STRING "Where system/ and user/ take the units")

install(TARGETS colmeia RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS colmeia-lab RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# colmeia_keep(FOLDER FILE...): installs files that are the operator's once they are there.
function(colmeia_keep folder)
  foreach(file IN LISTS ARGN)
    get_filename_component(name ${file} NAME)
    install(CODE "
      if(NOT EXISTS \"\$ENV{DESTDIR}${folder}/${name}\")
        file(INSTALL \"${file}\" DESTINATION \"${folder}\")
      endif()")
  endforeach()
endfunction()

set(conf ${PROJECT_SOURCE_DIR}/conf)
set(pages ${COLMEIA_PREFIX}/html)
cmake_path(NORMAL_PATH pages)
if(IS_ABSOLUTE ${COLMEIA_CONF})
  cmake_path(GET COLMEIA_CONF PARENT_PATH conf_dir)
  colmeia_keep(${conf_dir} ${conf}/system/colmeia.conf ${conf}/mime.types)
  colmeia_keep(${conf_dir}/conf.d ${conf}/system/conf.d/default.conf)
  install(FILES ${conf}/system/html/index.html ${conf}/html/404.html ${conf}/html/50x.html DESTINATION ${pages})
else()
  cmake_path(APPEND COLMEIA_PREFIX ${COLMEIA_CONF} OUTPUT_VARIABLE conf_dir)
  cmake_path(GET conf_dir PARENT_PATH conf_dir)
  colmeia_keep(${conf_dir} ${conf}/colmeia.conf ${conf}/mime.types)
  colmeia_keep(${pages} ${conf}/html/index.html ${conf}/html/404.html ${conf}/html/50x.html)
  install(DIRECTORY DESTINATION ${COLMEIA_PREFIX}/logs)
endif()

# The units call the program by its path.
cmake_path(APPEND CMAKE_INSTALL_FULL_SBINDIR colmeia OUTPUT_VARIABLE program)
foreach(unit system/colmeia.service system/colmeia@.service system/colmeia.socket user/colmeia.service)
  string(REPLACE "system/" "" source ${unit})
  file(READ ${PROJECT_SOURCE_DIR}/systemd/${source} text)
  string(REPLACE /usr/sbin/colmeia ${program} text "${text}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/units/${unit} CONTENT "${text}" @ONLY)
  cmake_path(GET unit PARENT_PATH folder)
  install(FILES ${CMAKE_BINARY_DIR}/units/${unit} DESTINATION ${COLMEIA_UNIT_DIR}/${folder})
endforeach()

if(COLMEIA_MANUAL)
  find_program(GZIP gzip REQUIRED)
  find_program(PYTHON python3 REQUIRED)
  set(manual ${PROJECT_SOURCE_DIR}/systemd/manual)
  set(made ${CMAKE_BINARY_DIR}/manual)
  add_custom_command(OUTPUT ${made}/colmeia.8.gz ${made}/colmeia.conf.5.gz ${made}/colmeia-lab.1.gz ${made}/colmeia.bash
      ${made}/_colmeia
    COMMAND ${PYTHON} -B ${manual}/manual.py $<TARGET_FILE:colmeia> $<TARGET_FILE:colmeia-lab> ${made}
    COMMAND ${GZIP} -9nf ${made}/colmeia.8 ${made}/colmeia.conf.5 ${made}/colmeia-lab.1
    DEPENDS colmeia colmeia-lab ${manual}/manual.py ${manual}/colmeia.8.in ${manual}/colmeia.bash.in ${manual}/_colmeia.in
    VERBATIM)
  add_custom_target(colmeia_manual ALL DEPENDS ${made}/colmeia.8.gz)
  install(FILES ${made}/colmeia.8.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
  install(FILES ${made}/colmeia.conf.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
  install(FILES ${made}/colmeia-lab.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${made}/colmeia.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME colmeia)
  install(FILES ${made}/_colmeia DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endif()
