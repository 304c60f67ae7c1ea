#include "master/generation.h"

namespace colmeia::master {

const char* StageName(Stage stage) {
  switch (stage) {
    case Stage::kCompiling:
      return "compiling";
    case Stage::kOpening:
      return "opening";
    case Stage::kStarting:
      return "starting";
    case Stage::kServing:
      return "serving";
    case Stage::kResting:
      return "resting";
    case Stage::kRetiring:
      return "retiring";
  }
  return "?";
}

}  // namespace colmeia::master
