#include "control/json.h"

#include <optional>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "control/fields.h"
#include "util/json_writer.h"

namespace colmeia::control {
namespace {

using Json = nlohmann::ordered_json;  // Pretty() keeps the order of members
using util::JsonWriter;

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

template <class T>
void Write(const T& value, JsonWriter& out);

struct MemberWriter {
  JsonWriter& out;

  template <class Member>
  void operator()(const Field& field, const Member& member) const {
    Write(member, out.Key(field.name));
  }
};

template <class T>
void Write(const T& value, JsonWriter& out) {
  if constexpr (HasFields<T>) {
    out.BeginObject();
    T::Fields(value, MemberWriter{out});
    out.End();
  } else if constexpr (IsList<T>::value) {
    out.BeginArray();
    for (const auto& one : value) Write(one, out);
    out.End();
  } else {
    out.Value(value);
  }
}

template <class T>
std::string Text(const T& value) {
  JsonWriter out;
  Write(value, out);
  return out.Take();
}

// An object of this member alone.
template <class T>
std::string Text(std::string_view name, const T& value) {
  JsonWriter out;
  Write(value, out.BeginObject().Key(name));
  return out.End().Take();
}

// What is wrong with a text that was read, as the path to the first wrong member; empty while nothing is.
template <class T>
std::string Read(const Json& in, T& value);

struct Reader {
  const Json& in;
  std::string& wrong;

  template <class Member>
  void operator()(const Field& field, Member& member) const {
    const auto at = in.find(std::string(field.name));
    if (at == in.end() || !wrong.empty()) return;
    if (std::string inner = Read(*at, member); !inner.empty()) wrong = fmt::format("{}{}", field.name, inner);
  }
};

template <class T>
std::string Read(const Json& in, T& value) {
  if constexpr (HasFields<T>) {
    if (!in.is_object()) return " is no object";
    std::string wrong;
    T::Fields(value, Reader{in, wrong});
    return wrong.empty() ? wrong : "." + wrong;
  } else if constexpr (IsList<T>::value) {
    if (!in.is_array()) return " is no array";
    value.clear();
    for (const Json& one : in) {
      if (std::string inner = Read(one, value.emplace_back()); !inner.empty()) return "[]" + inner;
    }
  } else if constexpr (std::is_same_v<T, std::optional<std::uint64_t>>) {
    if (in.is_null()) {
      value.reset();
    } else if (in.is_number_unsigned()) {
      value = in.get<std::uint64_t>();
    } else {
      return " is no number";
    }
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!in.is_boolean()) return " is neither true nor false";
    value = in.get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!in.is_string()) return " is no text";
    value = in.get<std::string>();
  } else {
    static_assert(std::is_same_v<T, std::uint64_t>);
    if (!in.is_number_unsigned()) return " is no number";
    value = in.get<std::uint64_t>();
  }
  return {};
}

std::optional<Json> Parse(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

template <class T>
Result<T> ReadWhole(std::string_view text) {
  const std::optional<Json> json = Parse(text);
  if (!json || !json->is_object()) return Fail("the server's answer is no JSON object");
  T out;
  if (const std::string wrong = Read(*json, out); !wrong.empty()) {
    return Fail(fmt::format("the server's answer has a member that is not understood: {}", wrong.substr(1)));
  }
  return out;
}

std::string RoutesJson() {
  JsonWriter out;
  out.BeginObject().Key("routes").BeginArray();
  for (const Route& route : Routes()) {
    out.BeginObject().Member("method", http::MethodName(route.method)).Member("path", route.path).Key("body");
    if (route.argument.empty()) {
      out.Null();
    } else {
      out.BeginObject().Member(route.argument, "number").End();
    }
    out.Member("meaning", route.meaning).End();
  }
  return out.End().End().Take();
}

}  // namespace

std::string ViewJson(View view, const Status& status) {
  switch (view) {
    case View::kRoutes:
      return RoutesJson();
    case View::kHealth:
      return Text(HealthOf(status));
    case View::kStatus:
      return Text(status);
    case View::kWorkers:
      return Text("workers", status.workers);
    case View::kGenerations:
      return Text("generations", status.generations);
  }
  return "{}";
}

http::Status ViewStatus(View view, const Status& status) {
  return view == View::kHealth && !HealthOf(status).ok ? http::Status::kServiceUnavailable : http::Status::kOk;
}

std::string AnswerJson(const Answer& answer) { return Text(answer); }
std::string ConfigurationJson(const Configuration& configuration) { return Text(configuration); }

Result<Status> ReadStatus(std::string_view json) { return ReadWhole<Status>(json); }
Result<Health> ReadHealth(std::string_view json) { return ReadWhole<Health>(json); }
Result<Answer> ReadAnswer(std::string_view json) { return ReadWhole<Answer>(json); }
Result<Configuration> ReadConfiguration(std::string_view json) { return ReadWhole<Configuration>(json); }

Result<std::uint32_t> ReadArgument(const Route& route, std::string_view body) {
  const std::string wanted = route.argument.empty()
                                 ? fmt::format("{} takes no body, or an empty object", route.path)
                                 : fmt::format(R"({} takes {{"{}": number}}, the number being {} or more)", route.path,
                                               route.argument, route.least);
  if (body.empty() && route.argument.empty()) return 0;
  const std::optional<Json> json = Parse(body);
  if (!json || !json->is_object()) return Fail(wanted);
  if (route.argument.empty()) return json->empty() ? Result<std::uint32_t>(0) : Fail(wanted);
  const auto at = json->find(std::string(route.argument));
  if (at == json->end() || json->size() != 1 || !at->is_number_unsigned()) return Fail(wanted);
  const auto number = at->get<std::uint64_t>();
  if (number < route.least || number > UINT32_MAX) return Fail(wanted);
  return static_cast<std::uint32_t>(number);
}

std::string Pretty(std::string_view json) {
  const std::optional<Json> parsed = Parse(json);
  return parsed ? parsed->dump(2) : std::string(json);
}

}  // namespace colmeia::control
