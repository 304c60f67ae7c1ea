// rewrite: changes a request's path, sets variables, and answers: set, rewrite, if, break, return.
//
// Phases: server rewrite, before a location is chosen, and rewrite. What a block says is compiled to a program
// (rewrite_program.h). An `if` of a location is an unnamed location inside of it, as in nginx: where its condition holds
// the exchange goes on there, and of several it is the last one.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kRewrite;

}  // namespace colmeia::modules
