#include "config/drafts.h"

namespace colmeia::config {

DraftSet::DraftSet(std::vector<DraftType> types) : types_(std::move(types)) {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    drafts_.emplace_back(nullptr, [](void*) noexcept {});
  }
}

void* DraftSet::GetRaw(std::size_t module) {
  CHECK(module < types_.size());
  Owner& draft = drafts_[module];
  if (draft == nullptr && types_[module].make != nullptr) {
    draft = Owner(types_[module].make(), types_[module].destroy);
  }
  return draft.get();
}

}  // namespace colmeia::config
