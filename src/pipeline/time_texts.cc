#include <ctime>

#include <fmt/format.h>

#include "pipeline/services.h"

namespace colmeia::pipeline {

std::string_view TimeTexts::Local(std::int64_t seconds) {
  Format(seconds);
  return local_;
}

std::string_view TimeTexts::Iso8601(std::int64_t seconds) {
  Format(seconds);
  return iso8601_;
}

void TimeTexts::Format(std::int64_t seconds) {
  if (seconds == second_) return;
  second_ = seconds;
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t when = seconds;
  std::tm tm{};
  localtime_r(&when, &tm);
  const long offset = tm.tm_gmtoff / 60;
  const char sign = offset < 0 ? '-' : '+';
  const long minutes = offset < 0 ? -offset : offset;
  local_ = fmt::format("{:02}/{}/{}:{:02}:{:02}:{:02} {}{:02}{:02}", tm.tm_mday,
                       kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                       tm.tm_sec, sign, minutes / 60, minutes % 60);
  iso8601_ = fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                         tm.tm_hour, tm.tm_min, tm.tm_sec, sign, minutes / 60, minutes % 60);
}

}  // namespace colmeia::pipeline
