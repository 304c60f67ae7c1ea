#include "http/conditional.h"

#include "http/date.h"
#include "http/etag.h"

namespace colmeia::http {
namespace {

// 13.1.4: the representation was modified after the field's date. A field that is no date, or a representation without
// a date, decides nothing.
bool ModifiedSince(std::string_view date_text, const Validators& validators) {
  const std::optional<std::time_t> date = ParseDate(date_text);
  return date && validators.last_modified && *validators.last_modified > *date;
}

bool Unchanged(std::string_view date_text, const Validators& validators, IfModifiedSince mode) {
  if (mode == IfModifiedSince::kOff || !validators.last_modified) return false;
  const std::optional<std::time_t> date = ParseDate(date_text);
  if (!date) return false;
  return mode == IfModifiedSince::kExact ? *date == *validators.last_modified : *date >= *validators.last_modified;
}

}  // namespace

Precondition EvaluatePreconditions(Method method, const Fields& request, const Validators& validators,
                                   IfModifiedSince mode) {
  if (const Field* const if_match = request.Find(HeaderId::kIfMatch)) {
    if (!EtagListContains(if_match->value, validators.etag, EtagComparison::kStrong)) return Precondition::kFailed;
  } else if (const Field* const date = request.Find(HeaderId::kIfUnmodifiedSince)) {
    if (ModifiedSince(date->value, validators)) return Precondition::kFailed;
  }
  if (const Field* const if_none_match = request.Find(HeaderId::kIfNoneMatch)) {
    if (EtagListContains(if_none_match->value, validators.etag, EtagComparison::kWeak)) {
      return IsGetOrHead(method) ? Precondition::kNotModified : Precondition::kFailed;
    }
  } else if (IsGetOrHead(method)) {
    const Field* const date = request.Find(HeaderId::kIfModifiedSince);
    if (date != nullptr && Unchanged(date->value, validators, mode)) return Precondition::kNotModified;
  }
  return Precondition::kProceed;
}

bool IfRangeHolds(const Fields& request, const Validators& validators) {
  const Field* const if_range = request.Find(HeaderId::kIfRange);
  if (if_range == nullptr) return true;
  const std::string_view value = if_range->value;
  if (value.starts_with('"') || IsWeak(value)) return StrongMatch(value, validators.etag);
  const std::optional<std::time_t> date = ParseDate(value);
  return date && !validators.date_is_weak && validators.last_modified && *date == *validators.last_modified;
}

}  // namespace colmeia::http
