// aio and thread_pool: whether threads read what the disk still has, and which (nginx keeps these in its core, too).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "loop/thread_pool.h"
#include "site/module.h"
#include "site/settings.h"

namespace colmeia::pipeline {

class Exchange;

// The directives, and the filter that makes a source of a body which a thread may have to read. It stands behind all
// filters that take bodies apart.
extern const site::Module kAio;

// The pools of a worker by name. None has a thread before one is needed.
using ThreadPools = std::map<std::string, loop::ThreadPool, std::less<>>;

// Those that thread_pool makes, and "default". `main` is of the main context.
[[nodiscard]] ThreadPools MakeThreadPools(loop::Loop& loop, const site::SettingsSet& main);

// Where `aio threads` is on, threads read the response's body. REQUIRES: it lies in a file.
void ReadByThreads(Exchange& exchange);

}  // namespace colmeia::pipeline
