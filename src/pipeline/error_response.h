// The answers that no handler made: error_page's redirections and the built-in pages.
#pragma once

#include <string_view>

#include "http/status.h"
#include "pipeline/outcome.h"

namespace colmeia::pipeline {

class Exchange;

// What error_page says about `status` in the exchange's location.
enum class ErrorPageVerdict {
  kNone,      // nothing: the built-in page answers
  kInternal,  // the path (or named location) was changed: choose a location again
  kRedirect,  // the response is complete: it sends the client elsewhere
};
[[nodiscard]] ErrorPageVerdict ApplyErrorPage(Exchange& exchange, http::Status status);

// The built-in response for `status`, with a short HTML page where the status allows a body. It replaces the response
// that was there, and keeps nothing of it.
void MakeErrorResponse(Exchange& exchange, http::Status status);

// A status that the configuration chose, without a text of its own: an error may have an error_page or gets the
// built-in one, and 408, 444 and 499 are no answers, as in nginx: the connection is closed.
Outcome RespondBare(Exchange& exchange, http::Status status);

// A redirection to `location`, which is a path of this server or a URL. Paths are made absolute as absolute_redirect,
// server_name_in_redirect and port_in_redirect ask (RFC 9110 10.2.2); an empty one stays empty. As any
// other status it may have an error_page.
Outcome Redirect(Exchange& exchange, http::Status status, std::string_view location);

// Sends the client to the same path with a slash at its end, where relative links of a folder's pages work. A handler.
Outcome RedirectToSlash(Exchange& exchange);

// 405, saying which methods there are (RFC 9110 15.5.6). `methods` is a text that stays.
Outcome RefuseMethod(Exchange& exchange, std::string_view methods);

// Gives the response the fields that belong to its status: Location to a redirection, Allow to a 405, Content-Range to
// a 416. Once, when the status is final.
void AddFieldsOfStatus(Exchange& exchange);

}  // namespace colmeia::pipeline
