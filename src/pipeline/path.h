// From a request's path to a file's name: root and alias, and the one place where a path that leads out of them is
// refused.
//
// The path of a request and the name of a file are two things. By root the name is root and path; by alias it is the
// alias and what follows the location's own part of the path; by the alias of a regex location it is the alias alone,
// into which the operator puts groups of the regex. What is below a folder, or stands in a file's place, is therefore
// asked for here, and never by a path that a caller put together.
//
// A client's target has no "..", but a path that is made of variables may have one, and so may what an alias leaves of
// "/i../secret" below a location "/i". Whatever of a name the operator did not write must not climb: such names are
// nothing. Links are followed, as in nginx.
#pragma once

#include <optional>
#include <string_view>

#include "site/template.h"

namespace colmeia::pipeline {

class Exchange;

// A file's name: absolute, in the exchange's arena, and NUL-terminated one byte past its end. It says nothing about
// whether such a file exists. Nothing, when it would lead out of root or alias.
using FileName = std::optional<std::string_view>;

// The document root of this exchange's location, absolute, without a slash at the end unless written so.
[[nodiscard]] std::string_view DocumentRoot(Exchange& exchange);

// The file that the request's path stands for.
[[nodiscard]] FileName MapPath(Exchange& exchange);

// The file `name` in the folder that the request's path stands for.
[[nodiscard]] FileName MapInFolder(Exchange& exchange, std::string_view name);

// An argument of try_files: it stands in the place of the request's path, or of what an alias leaves of it. As in
// nginx, one with variables that begins with what the alias replaces is taken without that.
class Candidate {
 public:
  // REQUIRES: the exchange's path and location stay as they are until the last call of a member.
  Candidate(Exchange& exchange, const site::Template& text);

  [[nodiscard]] FileName Map(Exchange& exchange) const;
  // From now on the request's path is the one that leads to this file or folder.
  void Take(Exchange& exchange, bool is_folder) const;
  [[nodiscard]] std::string_view text() const { return name_; }

 private:
  enum class Form {
    kPath,   // no alias: it is a path
    kBelow,  // behind the alias, which stands for `location_`
    kWhole,  // behind the alias of a regex location, which stands for a whole path
  };
  Form form_ = Form::kPath;
  std::string_view name_;
  std::string_view location_;
};

}  // namespace colmeia::pipeline
