// Events as a Mermaid sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html): which process said what to
// which, from top to bottom. Markdown viewers, among them those of code forges, draw it.
//
// Each event is one line, numbered [seq]: an arrow when something passed between two processes, a note otherwise. Times
// are counted from the first event.
#pragma once

#include <string>
#include <vector>

#include "trace/event.h"

namespace colmeia::trace {

// `events` must be in order. Ends with a newline.
[[nodiscard]] std::string Mermaid(const std::vector<Event>& events);

}  // namespace colmeia::trace
