// Escape: how bytes from outside are shown: in a log, in a JSON text, on a terminal. The only place
// that knows how; all that writes text for people or programs goes through here, so that nothing that a client sends
// can end a line, close a quote, or command a terminal.
//
//   for                            a control, DEL, a byte that is no UTF-8    "  and \     beyond ASCII
//   kLine     text for people      \xNN, but a tab stays                      as is      as is
//   kCell     a part of such       \xNN                                       as is      as is
//   kQuoted   the same, in "..."   \xNN                                       \xNN       as is
//   kField    one of many fields   \xNN                                       \xNN       \xNN
//   kJson     JSON, in "..."       \n \r \t \b \f \u00NN                      \" \\      as is
//   kRaw      bytes as they are    \x0A for a newline, all else as is         as is      as is
//
// Beyond ASCII: characters of well-formed UTF-8 (RFC 3629). The controls U+0080 to U+009F, which terminals obey, count
// as controls: each of their bytes is shown. kField is what nginx's access logs have by default.
//
// A byte that belongs to no UTF-8 becomes, in JSON, the character of the same number, \u0080 to \u00ff: the text is
// valid JSON and valid UTF-8, and a reader of the log sees which byte it was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace colmeia::util {

enum class EscapeFor : std::uint8_t { kLine, kCell, kQuoted, kField, kJson, kRaw };

// Goes over a text piece by piece, and allocates nothing: a signal handler may use it.
//
//   for (std::string_view piece = escaper.Next(); !piece.empty(); piece = escaper.Next()) ...
class Escaper {
 public:
  // `text` must outlive this.
  Escaper(EscapeFor what, std::string_view text) : what_(what), rest_(text) {}

  // A part of the text that stays as it is, or what stands for one character of it. Empty at the end. Valid until the
  // next call.
  [[nodiscard]] std::string_view Next();

 private:
  [[nodiscard]] std::string_view Replacement(unsigned char byte);

  EscapeFor what_;
  std::string_view rest_;
  std::size_t bytes_to_show_ = 0;  // at the front of the rest: bytes of one character, each of which is shown
  std::array<char, 6> shown_{};
};

// False when nothing in the text is escaped; it may be true without need. Many bytes a step.
[[nodiscard]] bool MayNeedEscape(EscapeFor what, std::string_view text);

void AppendEscaped(EscapeFor what, std::string_view text, std::string& out);
[[nodiscard]] std::string Escaped(EscapeFor what, std::string_view text);

}  // namespace colmeia::util
