// Making text safe for a place: a URI in a Location field, a link in a page, HTML text.
#pragma once

#include <string>
#include <string_view>

namespace colmeia::http {

// Appends a decoded path so that it can stand in a URI (nginx's escape for Location): everything that would end the
// path, start an escape, or is no URI character becomes %XX.
void AppendEscapedUri(std::string_view path, std::string& out);

// The same for one name in a relative link: also ":" and "&", "+", ";" and the like become %XX, so that a file named
// "a:b" is no scheme. A "/" stays.
void AppendEscapedComponent(std::string_view name, std::string& out);

// The same as AppendEscapedUri for a value among arguments: "&", "+" and ";" become %XX as well.
void AppendEscapedArgument(std::string_view value, std::string& out);

// Undoes the escapes of a URL up to its "?", but for those of bytes that cannot stand there: what AppendEscapedUri
// would escape, or might (nginx's rule for redirections). A broken escape loses what makes it broken.
[[nodiscard]] std::string UnescapeRedirect(std::string_view url);

// Appends text with & < > and " as entities.
void AppendEscapedHtml(std::string_view text, std::string& out);

[[nodiscard]] std::string EscapeHtml(std::string_view text);

}  // namespace colmeia::http
