# Where things are, and who workers become, when neither the configuration nor the command line says it; relative paths
# start at the prefix. The defaults are nginx's own layout, in one folder; the preset `package` sets those of a Debian
# system.
set(COLMEIA_PREFIX /usr/local/colmeia/ CACHE STRING "The folder that relative paths start from; ends with a slash")
set(COLMEIA_CONF conf/colmeia.conf CACHE STRING "The configuration file")
set(COLMEIA_PID logs/colmeia.pid CACHE STRING "The pid file; the control socket stands beside it")
set(COLMEIA_ERROR_LOG logs/error.log CACHE STRING "The error log")
set(COLMEIA_ACCESS_LOG logs/access.log CACHE STRING "The access log")
set(COLMEIA_CLIENT_BODY_TEMP client_body_temp CACHE STRING "The folder of request bodies that are too large for memory")
set(COLMEIA_USER nobody CACHE STRING "Who workers become when the server is started by root")
string(REGEX REPLACE "\\.pid$" ".control" COLMEIA_CONTROL ${COLMEIA_PID})

# config/default_paths.h holds the same defaults. What differs is told to the sources that include it, and to no other:
# the rest is compiled alike for every layout.
set(definitions "")
foreach(name_and_default
    PREFIX=/usr/local/colmeia/ CONF=conf/colmeia.conf PID=logs/colmeia.pid CONTROL=logs/colmeia.control
    ERROR_LOG=logs/error.log ACCESS_LOG=logs/access.log CLIENT_BODY_TEMP=client_body_temp USER=nobody)
  string(REGEX MATCH "^([A-Z_]+)=(.*)$" unused ${name_and_default})
  set(name COLMEIA_${CMAKE_MATCH_1})
  if(NOT ${name} STREQUAL CMAKE_MATCH_2)
    list(APPEND definitions ${name}="${${name}}")
  endif()
endforeach()
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/*.cc)
foreach(source IN LISTS sources)
  file(STRINGS ${source} includes REGEX "^#include \"config/default_paths\\.h\"")
  if(includes AND definitions)
    set_source_files_properties(${source} DIRECTORY ${PROJECT_SOURCE_DIR}/src PROPERTIES COMPILE_DEFINITIONS "${definitions}")
  endif()
endforeach()
