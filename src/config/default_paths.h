// Default paths, and the user of workers, when neither the configuration nor the command line says it: chosen when
// colmeia is built (src/paths.cmake), shown by -V. Relative paths start at the prefix.
//
// For .cc files only: no other file is compiled with the choice.
#pragma once

#include <string_view>

#ifndef COLMEIA_PREFIX
#define COLMEIA_PREFIX "/usr/local/colmeia/"
#endif
#ifndef COLMEIA_CONF
#define COLMEIA_CONF "conf/colmeia.conf"
#endif
#ifndef COLMEIA_PID
#define COLMEIA_PID "logs/colmeia.pid"
#endif
#ifndef COLMEIA_CONTROL
#define COLMEIA_CONTROL "logs/colmeia.control"
#endif
#ifndef COLMEIA_ERROR_LOG
#define COLMEIA_ERROR_LOG "logs/error.log"
#endif
#ifndef COLMEIA_ACCESS_LOG
#define COLMEIA_ACCESS_LOG "logs/access.log"
#endif
#ifndef COLMEIA_CLIENT_BODY_TEMP
#define COLMEIA_CLIENT_BODY_TEMP "client_body_temp"
#endif
#ifndef COLMEIA_USER
#define COLMEIA_USER "nobody"
#endif

namespace colmeia::config {

inline constexpr std::string_view kDefaultPrefix = COLMEIA_PREFIX;
inline constexpr std::string_view kDefaultConf = COLMEIA_CONF;
inline constexpr std::string_view kDefaultPid = COLMEIA_PID;
// For the manual only: the control socket stands beside the pid file, wherever that is.
inline constexpr std::string_view kDefaultControl = COLMEIA_CONTROL;
inline constexpr std::string_view kDefaultErrorLog = COLMEIA_ERROR_LOG;
inline constexpr std::string_view kDefaultAccessLog = COLMEIA_ACCESS_LOG;
inline constexpr std::string_view kDefaultClientBodyTemp = COLMEIA_CLIENT_BODY_TEMP;
// When the server is started by root.
inline constexpr std::string_view kDefaultUser = COLMEIA_USER;

// As the directives' rows show them, with their other arguments.
inline constexpr std::string_view kDefaultErrorLogArguments = COLMEIA_ERROR_LOG " error";
inline constexpr std::string_view kDefaultAccessLogArguments = COLMEIA_ACCESS_LOG " combined";

}  // namespace colmeia::config
