// Fields: the header section of one message, in order of arrival, with quick access to the names that a server cares
// for.
//
// It owns nothing: names and values are views whose bytes (the request head, an arena, static text) must outlive it or
// its Clear(). It does not validate. Once warm it allocates no more: Clear() keeps the memory.
//
//   fields.Add("Host", "example.org");
//   if (const Field* range = fields.Find(HeaderId::kRange)) ... range->value ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace colmeia::http {

// Well-known names. Fewer than 64, so that a set of them is one word.
enum class HeaderId : std::uint8_t {
  kOther,  // any name that is not listed here
  kAccept,
  kAcceptCharset,
  kAcceptEncoding,
  kAcceptLanguage,
  kAcceptRanges,
  kAge,
  kAllow,
  kAuthorization,
  kCacheControl,
  kConnection,
  kContentDisposition,
  kContentEncoding,
  kContentLanguage,
  kContentLength,
  kContentLocation,
  kContentRange,
  kContentType,
  kCookie,
  kDate,
  kDepth,
  kDestination,
  kEtag,
  kExpect,
  kExpires,
  kForwarded,
  kHost,
  kIfMatch,
  kIfModifiedSince,
  kIfNoneMatch,
  kIfRange,
  kIfUnmodifiedSince,
  kKeepAlive,
  kLastModified,
  kLink,
  kLocation,
  kOrigin,
  kOverwrite,
  kPragma,
  kProxyAuthorization,
  kProxyConnection,
  kRange,
  kReferer,
  kRetryAfter,
  kServer,
  kSetCookie,
  kTe,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUpgradeInsecureRequests,
  kUserAgent,
  kVary,
  kVia,
  kWwwAuthenticate,
  kXForwardedFor,
  kXForwardedProto,
  kXRealIp,
  kCount,  // how many there are, not a name
};

// The identity of a name in any case, kOther when it is not one of the above.
[[nodiscard]] HeaderId FindHeaderId(std::string_view name);

// The usual spelling ("ETag", "Content-Length"); an empty view for kOther.
[[nodiscard]] std::string_view HeaderName(HeaderId id);

struct Field {
  std::string_view name;
  std::string_view value;
  HeaderId id = HeaderId::kOther;
};

class Fields {
 public:
  // Another line, also when the name is already there.
  void Add(std::string_view name, std::string_view value) { Add(FindHeaderId(name), name, value); }
  void Add(HeaderId id, std::string_view value) { Add(id, HeaderName(id), value); }
  // For callers that know the identity: `id` must be FindHeaderId(name).
  void Add(HeaderId id, std::string_view name, std::string_view value) {
    present_ |= Bit(id);
    fields_.push_back(Field{name, value, id});
  }

  // The first field of that name, or nullptr. Valid until the next change. `id` must not be kOther.
  [[nodiscard]] const Field* Find(HeaderId id) const { return Has(id) ? FindFirst(id) : nullptr; }
  [[nodiscard]] const Field* Find(std::string_view name) const;
  [[nodiscard]] bool Has(HeaderId id) const { return (present_ & Bit(id)) != 0; }
  [[nodiscard]] bool HasAny(HeaderId a, HeaderId b, HeaderId c) const {
    return (present_ & (Bit(a) | Bit(b) | Bit(c))) != 0;
  }
  // The first field's value, or an empty view.
  [[nodiscard]] std::string_view Value(HeaderId id) const {
    const Field* const field = Find(id);
    return field != nullptr ? field->value : std::string_view{};
  }

  // Exactly one field of that name with that value, at the place of the first one, else at the end.
  void Set(HeaderId id, std::string_view value);
  void Set(std::string_view name, std::string_view value);

  // All fields of that name; how many there were.
  std::size_t Remove(HeaderId id);

  // Every name and value, which may be moved: see http::Request.
  template <class Visit>
  void ForEachText(Visit&& visit) {
    for (Field& field : fields_) (visit(field.name), visit(field.value));
  }

  void Clear() {
    fields_.clear();
    present_ = 0;
  }

  [[nodiscard]] bool empty() const { return fields_.empty(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] auto begin() { return fields_.begin(); }
  [[nodiscard]] auto end() { return fields_.end(); }

 private:
  static_assert(static_cast<int>(HeaderId::kCount) <= 64);
  static constexpr std::uint64_t Bit(HeaderId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }
  [[nodiscard]] const Field* FindFirst(HeaderId id) const;

  std::vector<Field> fields_;
  std::uint64_t present_ = 0;  // one bit per identity, so that looking for what is not there costs nothing
};

}  // namespace colmeia::http
