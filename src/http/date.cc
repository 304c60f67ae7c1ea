#include "http/date.h"

#include <cstdint>
#include <cstring>

#include "util/strings.h"

namespace colmeia::http {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kLongDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::int64_t kSecondsPerDay = 86400;

struct Civil {
  std::int64_t year = 0;
  int month = 0;  // 1 to 12
  int day = 0;
};

// Gregorian calendar arithmetic with years that begin in March, so that the leap day is the last of the year.
constexpr std::int64_t DaysSince1970(const Civil& date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

constexpr Civil CivilFromDays(std::int64_t days_since_1970) {
  const std::int64_t days = days_since_1970 + 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  Civil date;
  date.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  date.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

static_assert(DaysSince1970({1970, 1, 1}) == 0);
static_assert(DaysSince1970({2000, 3, 1}) == 11017);

void PutTwo(char* out, std::int64_t value) {
  out[0] = static_cast<char>('0' + value / 10 % 10);
  out[1] = static_cast<char>('0' + value % 10);
}

// Reads a date piece by piece; after the first mismatch every further step fails too.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void Expect(std::string_view literal) {
    if (rest_.starts_with(literal)) {
      rest_.remove_prefix(literal.size());
    } else {
      Fail();
    }
  }

  int Number(std::size_t digits) {
    if (rest_.size() < digits) return Fail();
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (!util::IsDigit(c)) return Fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  // asctime writes days below 10 with a leading space.
  int SpacedNumber() {
    if (!rest_.starts_with(' ')) return Number(2);
    rest_.remove_prefix(1);
    return Number(1);
  }

  // The 1-based place of the next three letters in a string of such triples.
  int Triple(std::string_view triples) {
    if (rest_.size() < 3) return Fail();
    for (std::size_t i = 0; i < triples.size(); i += 3) {
      if (rest_.starts_with(triples.substr(i, 3))) {
        rest_.remove_prefix(3);
        return static_cast<int>(i / 3) + 1;
      }
    }
    return Fail();
  }

  bool LongDay() {
    for (const std::string_view day : kLongDays) {
      if (rest_.starts_with(day)) {
        rest_.remove_prefix(day.size());
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool finished() const { return !failed_ && rest_.empty(); }

 private:
  int Fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

struct Moment {
  Civil date;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void ReadTime(Reader& reader, Moment& moment) {
  moment.hour = reader.Number(2);
  reader.Expect(":");
  moment.minute = reader.Number(2);
  reader.Expect(":");
  moment.second = reader.Number(2);
}

constexpr int DaysInMonth(std::int64_t year, int month) {
  constexpr int kDaysOf[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDaysOf[month - 1];
}

std::optional<std::time_t> ToTime(const Moment& moment) {
  const Civil& date = moment.date;
  if (date.day < 1 || date.day > DaysInMonth(date.year, date.month)) return std::nullopt;
  if (moment.hour > 23 || moment.minute > 59 || moment.second > 60) return std::nullopt;
  return static_cast<std::time_t>(DaysSince1970(date) * kSecondsPerDay + moment.hour * 3600 + moment.minute * 60 +
                                  moment.second);
}

}  // namespace

std::string_view FormatDate(std::time_t time, std::span<char, kDateSize> out) {
  std::int64_t days = time / kSecondsPerDay;
  std::int64_t second = time % kSecondsPerDay;
  if (second < 0) {
    second += kSecondsPerDay;
    --days;
  }
  const Civil date = CivilFromDays(days);
  const std::int64_t weekday = ((days + 4) % 7 + 7) % 7;  // 1970 began on a Thursday
  char* const text = out.data();
  std::memcpy(text, "Ddd, 00 Mmm 0000 00:00:00 GMT", kDateSize);
  std::memcpy(text, kDays.data() + weekday * 3, 3);
  PutTwo(text + 5, date.day);
  std::memcpy(text + 8, kMonths.data() + (date.month - 1) * 3, 3);
  PutTwo(text + 12, date.year / 100);
  PutTwo(text + 14, date.year % 100);
  PutTwo(text + 17, second / 3600);
  PutTwo(text + 20, second / 60 % 60);
  PutTwo(text + 23, second % 60);
  return {text, kDateSize};
}

std::optional<std::time_t> ParseDate(std::string_view text) {
  text = util::Trim(text);
  Reader reader(text);
  Moment moment;
  if (text.find(',') == 3) {  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
    reader.Triple(kDays);
    reader.Expect(", ");
    moment.date.day = reader.Number(2);
    reader.Expect(" ");
    moment.date.month = reader.Triple(kMonths);
    reader.Expect(" ");
    moment.date.year = reader.Number(4);
    reader.Expect(" ");
    ReadTime(reader, moment);
    reader.Expect(" GMT");
  } else if (reader.LongDay()) {  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
    reader.Expect(", ");
    moment.date.day = reader.Number(2);
    reader.Expect("-");
    moment.date.month = reader.Triple(kMonths);
    reader.Expect("-");
    const int year = reader.Number(2);
    moment.date.year = year < 70 ? 2000 + year : 1900 + year;
    reader.Expect(" ");
    ReadTime(reader, moment);
    reader.Expect(" GMT");
  } else {  // asctime: Sun Nov  6 08:49:37 1994
    reader.Triple(kDays);
    reader.Expect(" ");
    moment.date.month = reader.Triple(kMonths);
    reader.Expect(" ");
    moment.date.day = reader.SpacedNumber();
    reader.Expect(" ");
    ReadTime(reader, moment);
    reader.Expect(" ");
    moment.date.year = reader.Number(4);
  }
  if (!reader.finished()) return std::nullopt;
  return ToTime(moment);
}

}  // namespace colmeia::http
