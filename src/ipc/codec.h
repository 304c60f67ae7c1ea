// Encode and Decode: values with a Fields function to bytes and back, for channel messages, ipc::Plan and
// ipc::Identity.
//
// It knows nothing of frames, types or versions: both sides must agree on what is encoded (ipc/frame.h sees to that).
//
// On the wire, without padding, in the order of Fields:
//   integer, enum      its own width, little-endian, two's complement
//   bool               1 byte, 0 or 1
//   milliseconds       int64
//   string             uint32 length, bytes
//   vector             uint32 count, elements
//   struct with Fields its fields
//
//   std::string bytes = Encode(plan);
//   Plan plan;  if (!Decode(bytes, plan)) ...  // truncated, too long, or a bool that is neither 0 nor 1
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "util/check.h"

namespace colmeia::ipc {

// Appends values to a string.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  // The function that Fields calls. Always true, so that it can be used where a Decoder can.
  template <class... Values>
  bool operator()(const Values&... values) {
    (Put(values), ...);
    return true;
  }

  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  void Put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      Put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::same_as<T, bool>) {
      out_.push_back(value ? '\1' : '\0');
    } else {
      auto bits = static_cast<std::make_unsigned_t<T>>(value);
      for (std::size_t i = 0; i < sizeof(T); ++i) {
        out_.push_back(static_cast<char>(bits & 0xff));
        if constexpr (sizeof(T) > 1) bits = static_cast<std::make_unsigned_t<T>>(bits >> 8);
      }
    }
  }

  void Put(std::chrono::milliseconds value) { Put(static_cast<std::int64_t>(value.count())); }

  void Put(const std::string& value) {
    PutSize(value.size());
    out_.append(value);
  }

  template <class T>
  void Put(const std::vector<T>& values) {
    PutSize(values.size());
    for (const T& value : values) Put(value);
  }

  template <class T>
  requires requires(const T& value, Encoder& encoder) { T::Fields(value, encoder); }
  void Put(const T& value) { T::Fields(value, *this); }

 private:
  void PutSize(std::size_t size) {
    CHECK(size <= UINT32_MAX);
    Put(static_cast<std::uint32_t>(size));
  }

  std::string& out_;  // outlives this
};

// Takes values from the front of a view. After the first value that does not fit, everything fails.
//
// Memory follows the input: nothing is reserved on the word of a length alone.
class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  // The function that Fields calls. False as soon as one value is malformed.
  template <class... Values>
  bool operator()(Values&... values) {
    return (Get(values) && ...);
  }

  [[nodiscard]] std::size_t remaining() const { return in_.size(); }

  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  bool Get(T& value) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number{};
      if (!Get(number)) return false;
      value = static_cast<T>(number);
      return true;
    } else if constexpr (std::same_as<T, bool>) {
      std::uint8_t byte = 0;
      if (!Get(byte) || byte > 1) return false;
      value = byte == 1;
      return true;
    } else {
      std::string_view bytes;
      if (!Take(sizeof(T), bytes)) return false;
      std::uint64_t bits = 0;
      for (std::size_t i = 0; i < sizeof(T); ++i) {
        bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
      }
      value = static_cast<T>(static_cast<std::make_unsigned_t<T>>(bits));
      return true;
    }
  }

  bool Get(std::chrono::milliseconds& value) {
    std::int64_t count = 0;
    if (!Get(count)) return false;
    value = std::chrono::milliseconds(count);
    return true;
  }

  bool Get(std::string& value) {
    std::uint32_t size = 0;
    std::string_view bytes;
    if (!Get(size) || !Take(size, bytes)) return false;
    value.assign(bytes);
    return true;
  }

  template <class T>
  bool Get(std::vector<T>& values) {
    static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no elements to refer to");
    static_assert(!std::is_empty_v<T>, "an element that takes no bytes would make any count acceptable");
    std::uint32_t count = 0;
    if (!Get(count) || count > in_.size()) return false;  // every element takes a byte at least
    values.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      values.emplace_back();
      if (!Get(values.back())) return false;
    }
    return true;
  }

  template <class T>
  requires requires(T& value, Decoder& decoder) { T::Fields(value, decoder); }
  bool Get(T& value) { return T::Fields(value, *this); }

 private:
  bool Take(std::size_t size, std::string_view& bytes) {
    if (size > in_.size()) {
      in_ = {};
      return false;
    }
    bytes = in_.substr(0, size);
    in_.remove_prefix(size);
    return true;
  }

  std::string_view in_;
};

template <class M>
[[nodiscard]] std::string Encode(const M& value) {
  std::string out;
  Encoder(out).Put(value);
  return out;
}

// False unless `bytes` is exactly one encoded M. `value` is then left in an unspecified state.
template <class M>
[[nodiscard]] bool Decode(std::string_view bytes, M& value) {
  Decoder decoder(bytes);
  return decoder.Get(value) && decoder.remaining() == 0;
}

}  // namespace colmeia::ipc
